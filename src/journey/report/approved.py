"""Approved numbers: what a person has looked at, one file a chapter, held against every build.

A build on another machine must show the same text, the same label and the same sample size, and its values
may differ by the rounding of a sum only. Where more may differ, `LOOSE` says so, with the reason; nothing
else is let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from journey.errors import JourneyError
from journey.files import replacing
from journey.report.ledger import Number

#: What is approved of a number. Where it was computed (source, query) may move without a new look.
FIELDS = (
    "value", "unit", "text", "low", "high", "level", "interval", "method", "n", "dataset", "label",
)  # fmt: skip
VALUES = ("value", "low", "high")
TEXTS = ("text", "interval")
#: Sums over threads or on another processor end in other last bits; the ledger keeps twelve digits of them.
ROUNDING = 1e-9

Entry = dict[str, Any]


@dataclass(frozen=True)
class Loose:
    """Numbers that another processor may change by more than rounding: ids, how much, and why."""

    ids: re.Pattern[str]
    relative: float
    why: str


#: Found by a whole build under another BLAS kernel (OPENBLAS_CORETYPE=Nehalem), without AVX-512 in NumPy and
#: with two threads: every other number kept nine digits.
LOOSE: tuple[Loose, ...] = (
    Loose(
        re.compile(r"prediction\.resampled_smote_\w+"),
        2e-3,
        "rows are made up between nearest neighbours; where two are equally near, rounding decides",
    ),
    Loose(
        re.compile(r"sparse\.category_(train_pr_auc|train_factor|pr_auc|lift|gain|of_oracle)"),
        0.1,
        "the trees stop at the best round; where two rounds are equally good, rounding decides",
    ),
)


@dataclass(frozen=True)
class Difference:
    """One thing that differs: of which number, what of it, as approved and as built."""

    id: str
    what: str
    approved: str
    built: str


def entries(numbers: Iterable[Number]) -> dict[str, Entry]:
    """What is approved of each number, by its id; what a number does not have is left out."""
    return {
        number.id: {name: value for name in FIELDS if (value := getattr(number, name)) not in (None, "")}
        for number in numbers
    }


def read_approved(folder: Path) -> dict[str, Entry]:
    """All approved numbers of a folder, by id.

    Raises
    ------
    JourneyError
        When there are none, or a file is damaged.
    """
    found: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found |= json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, TypeError) as error:
            raise JourneyError(f"{path} is damaged ({error}): restore it from version control") from error
    if not found:
        raise JourneyError(f"{folder} holds no approved numbers: run `journey numbers --approve`")
    return found


def differences(approved: Mapping[str, Entry], built: Mapping[str, Entry]) -> list[Difference]:
    """Everything in which a build differs from what was approved, by id."""
    found = []
    for id in sorted(approved.keys() | built.keys()):
        if id not in built:
            found.append(Difference(id, "number", approved[id]["text"], "gone"))
        elif id not in approved:
            found.append(Difference(id, "number", "none", built[id]["text"]))
        else:
            found += _differences(id, approved[id], built[id])
    return found


def unapproved(numbers: Iterable[Number], folder: Path) -> list[Difference]:
    """Everything in which a ledger differs from the approved numbers of a folder, which may be empty."""
    before = read_approved(folder) if any(folder.glob("*.json")) else {}
    return differences(before, entries(numbers))


def _differences(id: str, approved: Entry, built: Entry) -> list[Difference]:
    loose = next((each for each in LOOSE if each.ids.fullmatch(id)), None)
    margin = loose.relative if loose else ROUNDING
    found = []
    for name in FIELDS:
        old, new = approved.get(name), built.get(name)
        if loose and name in TEXTS:
            continue
        if not (_close(old, new, margin) if name in VALUES else old == new):
            found.append(Difference(id, name, _shown(old), _shown(new)))
    return found


def _close(old: object, new: object, margin: float) -> bool:
    if not (isinstance(old, int | float) and isinstance(new, int | float)):
        return old == new
    return abs(new - old) <= margin * max(abs(old), abs(new))


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def difference_table(found: Iterable[Difference]) -> str:
    """The differences as a table that a person can read, one a line."""
    table = Table("number", "what", "approved", "built", box=SIMPLE, pad_edge=False)
    for each in found:
        table.add_row(each.id, each.what, each.approved, each.built)
    console = Console(width=160, no_color=True)
    with console.capture() as captured:
        console.print(table, markup=False)
    return captured.get()


def approve(numbers: Iterable[Number], folder: Path) -> str:
    """Write the numbers as approved, all files at once, and say in one sentence what changed.

    Numbers that differ by rounding only keep the digits they have.
    """
    built = entries(numbers)
    before = read_approved(folder) if any(folder.glob("*.json")) else {}
    changed = {each.id for each in differences(before, built)}
    if not changed:
        return f"All {len(built):,} numbers are as approved."
    kept = {id: built[id] if id in changed else before[id] for id in built}
    with replacing(folder) as temporary:
        temporary.mkdir()
        for chapter in sorted({id.partition(".")[0] for id in kept}):
            lines = [
                f"{json.dumps(id)}: {json.dumps(kept[id], ensure_ascii=False)}"
                for id in sorted(kept)
                if id.partition(".")[0] == chapter
            ]
            text = "{\n" + ",\n".join(lines) + "\n}\n"
            (temporary / f"{chapter}.json").write_text(text, encoding="utf-8")
    new, gone = len(built.keys() - before.keys()), len(before.keys() - built.keys())
    chapters = ", ".join(sorted({id.partition(".")[0] for id in changed}))
    return (
        f"Approved {len(built):,} numbers: {len(changed) - new - gone:,} changed, {new:,} new, {gone:,} gone "
        f"({chapters})."
    )
