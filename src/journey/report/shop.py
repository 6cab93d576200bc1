"""What every page of an imported store's report has at hand: `from journey.report.shop import *`.

A page says what it can. `shows("funnel/steps")` is false where the log does not give a section, and prints
the one sentence that says why and what to record; a sentence of `tell` whose numbers are not there is left
out.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from journey.errors import JourneyError
from journey.paths import ShopPaths, project
from journey.report.cards import Card, show_cards
from journey.report.figures import show_figure
from journey.report.ledger import Figure, Numbers, PageText
from journey.report.provenance import Source, show_ledger
from journey.report.results import load_table
from journey.report.tables import show_table

__all__ = [
    "Card",
    "card",
    "frame",
    "has",
    "imported",
    "n",
    "number",
    "show_cards",
    "show_figure",
    "show_numbers",
    "show_table",
    "shows",
    "tell",
    "why_not",
]

#: `{funnel.sessions}` in a sentence, its interval `{funnel.conversion_rate:ci}`, its size `{...:n}`
NAMED = re.compile(r"\{([a-z_]+\.[a-z0-9_]+)(?::(ci|n|p))?\}")


def here() -> ShopPaths:
    """The store whose pages are rendered: they lie in its folder.

    Raises
    ------
    JourneyError
        Outside such a folder.
    """
    folder = Path.cwd().resolve()
    if folder.name != "site" or folder.parent.parent.name != "stores":
        raise JourneyError(f"{folder} is no site of a store; run `journey render --store NAME`")
    return ShopPaths(project().root, folder.parent.name)


_paths = here()
n = Numbers(_paths.numbers)
imported: dict[str, Any] = json.loads(_paths.report.read_text(encoding="utf-8"))


def has(id: str) -> bool:
    """Whether the store's ledger has a number."""
    return any(each.id == id for each in n)


def number(id: str) -> Figure:
    """A number of the store's ledger."""
    return n[id]


def frame(name: str) -> pd.DataFrame:
    """A result table by `part/name`."""
    return load_table(_paths, name)


@cache
def reasons(part: str) -> dict[str, str]:
    """Section -> why a part does not show it."""
    file = _paths.results / part / "absent.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def shows(section: str, label: str = "") -> bool:
    """Whether a section, `part/name`, can be shown; where not, print why in a sentence behind a label."""
    part, _, name = section.partition("/")
    said = reasons(part).get(name)
    if said is None:
        return True
    print(f"\n{label}{PageText(said)._repr_markdown_()}\n")
    return False


def why_not(*sections: str) -> None:
    """Print why sections are not there, where they are not."""
    for section in sections:
        shows(section)


def tell(*sentences: str) -> None:
    """Print a paragraph; a sentence that names a number which the log does not give is left out."""
    said = [
        NAMED.sub(_written, each) for each in sentences if all(has(found[0]) for found in NAMED.findall(each))
    ]
    if said:
        print("\n" + " ".join(said) + "\n")


def show_numbers() -> None:
    """Print every number of the store, by part of the report."""
    entries = sorted(n, key=lambda each: each.id)
    homes = [each.id.partition(".")[0] for each in entries]
    rows = pd.DataFrame({"number": entries, "home": homes, "pages": ""})
    show_ledger(rows, [Source(home, home.capitalize(), frozenset()) for home in dict.fromkeys(homes)])


def card(label: str, id: str, detail: str = "") -> list[Card]:
    """A key figure, or none where the log does not give it."""
    if not has(id):
        return []
    figure = n[id]
    return [Card(label, figure, detail, figure.ci if figure.number.interval else "")]


def _written(found: re.Match[str]) -> str:
    figure = n[found[1]]
    part: PageText = {"ci": lambda: figure.ci, "n": lambda: figure.n, "p": lambda: figure.p}.get(
        found[2] or "", lambda: figure
    )()
    return str(part._repr_markdown_())
