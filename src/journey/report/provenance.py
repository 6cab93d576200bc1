"""The appendix page of the numbers ledger: every number that a page prints, and where it comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from journey.report.columns import MISSING
from journey.report.formats import format_number
from journey.report.ledger import Number, PageText
from journey.report.markup import filter_box, html_table, markdown_text, raw_block

SUMMARY = "summary"
#: how a page names a number: in prose, in a call, in the text of a figure
NAMED = re.compile(r"\bn\.([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)")
TITLE = re.compile(r'^title: "?(.*?)"?$', re.MULTILINE)
HEADINGS = ("Number", "Value", "95% interval", "n", "Computed by")
NUMERIC = (False, True, True, True, False)
#: a line may end after a dot or colon of a function's name
BREAK = re.compile(r"([.:/])(?=\w)")


@dataclass(frozen=True)
class Source:
    """A page: its short name (`05`, `seeds`), title, and the numbers it names."""

    name: str
    title: str
    numbers: frozenset[str]


def sources(root: Path) -> list[Source]:
    """The pages in the order of the menu: summary, chapters, appendix."""
    files = [
        root / "index.qmd",
        *sorted((root / "chapters").glob("*.qmd")),
        *sorted((root / "chapters" / "appendix").glob("*.qmd")),
    ]
    return [_source(file, file.relative_to(root)) for file in files]


def _source(file: Path, place: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    title = TITLE.search(text)
    name = place.stem[:2] if place.stem[:2].isdigit() else place.stem
    return Source(
        name=SUMMARY if name == "index" else name,
        title=title[1] if title else name,
        numbers=frozenset(NAMED.findall(text)),
    )


def ledger_rows(numbers: Iterable[Number], pages: Iterable[Source]) -> pd.DataFrame:
    """One row a number that some page names.

    Returns
    -------
    DataFrame
        `number` (the ledger's entry), `home` (the page that names most numbers of its chapter), `pages`
        (short names of the others). In the order of the pages, within one by id.
    """
    pages = list(pages)
    rows = [
        (number, [page for page in pages if number.id in page.numbers])
        for number in sorted(numbers, key=lambda one: one.id)
    ]
    shown = [(number, on) for number, on in rows if on]
    votes: dict[str, Counter[str]] = {}
    for number, on in shown:
        votes.setdefault(number.id.partition(".")[0], Counter()).update(page.name for page in on)
    order = {page.name: place for place, page in enumerate(pages)}
    home = {
        chapter: max(count, key=lambda name: (count[name], -order[name])) for chapter, count in votes.items()
    }
    frame = pd.DataFrame(
        {
            "number": [number for number, _ in shown],
            "home": [home[number.id.partition(".")[0]] for number, _ in shown],
            "pages": [
                ", ".join(page.name for page in on if page.name != home[number.id.partition(".")[0]])
                for number, on in shown
            ],
        }
    )
    return frame.sort_values("home", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def show_filter() -> None:
    """Print the box that filters the rows."""
    box = filter_box(
        items="#quarto-document-content tr[id]",
        noun="numbers",
        label="Filter the numbers",
        placeholder="a word of a name or of a function",
    )
    print(raw_block("html", box))


def show_ledger(rows: pd.DataFrame, pages: Iterable[Source]) -> None:
    """Print a section for each page with its numbers; call it in a cell with `output: asis`."""
    titles = {page.name: page.title for page in pages}
    for name, group in rows.groupby("home", sort=False):
        heading = "Executive summary" if name == SUMMARY else titles[str(name)]
        print(f"\n## {markdown_text(heading)} {{#sec-numbers-{name}}}\n")
        table = html_table(
            HEADINGS,
            [_cells(number, on) for number, on in zip(group["number"], group["pages"], strict=True)],
            numeric=NUMERIC,
            caption=None,
            label=f"Numbers: {heading}",
            css_class="journey-table compact stacked",
            ids=[number.id for number in group["number"]],
        )
        print(raw_block("html", table))


def _cells(number: Number, pages: str) -> list[str]:
    return [
        number.id.partition(".")[2].replace("_", " "),
        PageText(number.text, number.id),
        number.interval or MISSING,
        MISSING if number.n is None else format_number(number.n, "count"),
        BREAK.sub("\\1\u200b", number.source) + (f" (also on: {pages})" if pages else ""),
    ]
