"""The desk of an imported store: what its parts read, the numbers they register, what they cannot say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import pandas as pd

from journey.errors import JourneyError
from journey.files import write_json
from journey.findings.desk import Desk, Row
from journey.inference.estimate import Estimate
from journey.paths import ShopPaths
from journey.report.formats import UNITS, format_number
from journey.stores.imported import read_report
from journey.warehouse.query import find, query

#: Days at the head of a log in which nobody can be known to be new: a month, of a short log a quarter.
LEFT_EDGE = 30
SIGNS = {"EUR": "€", "USD": "US$", "GBP": "£", "JPY": "¥", "CNY": "CN¥"}
METHOD = "percentile bootstrap over users"


class ShopDesk(Desk):
    """A desk for one part of the report of an imported store.

    Attributes
    ----------
    reasons
        Section -> why the part cannot show it, in one sentence.
    """

    def __init__(self, part: str, paths: ShopPaths) -> None:
        super().__init__(part, paths, paths.shop)
        self.reasons: dict[str, str] = {}

    @cached_property
    def imported(self) -> dict[str, Any]:
        """The import report."""
        assert isinstance(self.paths, ShopPaths)
        return read_report(self.paths)

    @cached_property
    def money(self) -> str:
        """Unit of money for the ledger, from the currency of the map."""
        return money_unit(self.imported["currency"])

    @cached_property
    def recorded(self) -> dict[str, bool]:
        """What the store records: the columns of `marts.recorded`, such as `has_carts`."""
        row = self.query("recorded_steps").iloc[0]
        return {str(name): bool(value) for name, value in row.items()}

    @cached_property
    def days(self) -> int:
        """Days from the first to the last event."""
        first, last = (pd.Timestamp(self.imported[key]) for key in ("first_day", "last_day"))
        return int((last - first).days) + 1

    @cached_property
    def left_edge(self) -> int:
        """Days at the head of the log in which nobody counts as new."""
        return min(LEFT_EDGE, self.days // 4)

    def lacks(self, column: str) -> bool:
        """Whether the log does not record a column, such as `events.channel`."""
        return column in self.imported["not_recorded"]["columns"]

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """A query of the library on this store."""
        return query(name, self.warehouse, **parameters)

    def absent(self, section: str, sentence: str) -> None:
        """Note why a section is not there, and what to record or how much is needed."""
        self.reasons[section] = sentence

    def attempt(self, section: str, work: Callable[[], None]) -> None:
        """Do a section's work; where a method says that the log is too small for it, note that."""
        try:
            work()
        except JourneyError as error:
            self.absent(section, f"The log does not suffice for this: {error}.")

    def add(
        self,
        name: str,
        value: float | str | Estimate,
        unit: str,
        label: str,
        source: str,
        *,
        asked: str | None = None,
        **more: Any,
    ) -> None:
        """Register a number of this part; `asked` is the query that it came from."""
        path = f"sql/analysis/{find(asked).level}/{asked}.sql" if asked else None
        self.ledger.add(
            f"{self.chapter}.{name}",
            value,
            unit,
            label=label,
            source=f"journey.{source}",
            dataset=self.store,
            query=path,
            **more,
        )

    def add_rows(self, rows: Iterable[Row], source: str, **common: Any) -> None:
        """Register numbers of one source: name, value, unit, label, and what else only this one has."""
        for name, value, unit, label, *own in rows:
            self.add(name, value, unit, label, source, **common | dict(*own))

    def text(self, value: float | Estimate, unit: str, digits: int | None = None) -> str:
        """A number as the tables of this store write it."""
        return format_number(value.value if isinstance(value, Estimate) else value, unit, digits)

    def close(self) -> None:
        """Write what is absent, then the ledger."""
        write_json(self.folder / "absent.json", self.reasons)
        super().close()


def money_unit(currency: str) -> str:
    """The unit of a currency; made known to the formats where it is a new one."""
    unit = currency.lower()
    UNITS.setdefault(unit, (1, 0, SIGNS.get(currency, f"{currency} "), ""))
    return unit


def lay_out_part(part: str, collect: Callable[[ShopDesk], None], paths: ShopPaths) -> None:
    """Run one part's findings and write its artefacts."""
    desk = ShopDesk(part, paths)
    collect(desk)
    desk.close()
