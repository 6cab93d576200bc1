"""The desk on which a chapter's findings are laid out: inputs on one side, artefacts on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from journey.assumptions import Assumptions, load_assumptions
from journey.errors import JourneyError
from journey.files import replacing
from journey.inference.estimate import Estimate
from journey.paths import Paths
from journey.report.ledger import Ledger
from journey.warehouse.connect import connect

#: Users for which money is stated where a measure is one user: about as many as the shop has.
USERS = 10_000
#: A number as `add_rows` takes it.
Row = tuple[Any, ...]


@dataclass
class Desk:
    """Everything a chapter's findings may use, and where they go.

    Attributes
    ----------
    chapter
        Folder of the results: `data/results/<chapter>/`.
    paths
        The project's folders.
    ledger
        Numbers registered by this chapter.
    """

    chapter: str
    paths: Paths
    store: str = "simulated"
    ledger: Ledger = field(default_factory=Ledger)

    @cached_property
    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """The store's warehouse, read-only."""
        return connect(self.paths.warehouse(self.store))

    @cached_property
    def assumptions(self) -> Assumptions:
        """The chosen numbers."""
        return load_assumptions(self.paths.assumptions)

    @property
    def folder(self) -> Path:
        """Where this chapter's artefacts are written."""
        return self.paths.results / self.chapter

    def save(self, name: str, frame: pd.DataFrame) -> None:
        """Keep a table for the chapter as Parquet.

        Raises
        ------
        JourneyError
            When the table is empty.
        """
        if frame.empty:
            raise JourneyError(f"result table {self.chapter}/{name} is empty: nothing to show")
        with replacing(self.folder / f"{name}.parquet") as temporary:
            frame.to_parquet(temporary, index=False)

    def ledger_value(self, id: str) -> float:
        """Value of a number registered before on this desk.

        Raises
        ------
        JourneyError
            When none of this id is registered, or its value is no float.
        """
        value = next((number.value for number in self.ledger if number.id == id), None)
        if not isinstance(value, float):
            raise JourneyError(f"number {id!r} has no numeric value on this desk: register it first")
        return value

    def close(self) -> None:
        """Write the chapter's ledger, last, so that its presence means the chapter is complete."""
        self.ledger.write(self.folder / "numbers.json")
        if "warehouse" in self.__dict__:
            self.warehouse.close()


def add_rows(desk: Desk, rows: Iterable[Row], **common: Any) -> None:
    """Register numbers of a chapter, one a row: name, value, unit, label, and what else only this one has.

    What a row has of its own stands before `common`.
    """
    for name, value, unit, label, *own in rows:
        desk.ledger.add(f"{desk.chapter}.{name}", value, unit, label=label, **common | dict(*own))


def flat(found: Mapping[str, Estimate]) -> dict[str, float]:
    """Estimates as columns: name, name_low, name_high."""
    return {
        f"{name}{end}": getattr(each, part)
        for name, each in found.items()
        for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    }


def lay_out(chapter: str, collect: Callable[[Desk], None], paths: Paths) -> None:
    """Run one chapter's findings and write its artefacts."""
    desk = Desk(chapter, paths)
    collect(desk)
    desk.close()
