"""Orders of Online Retail as they were known on a day: what was cancelled later still counts whole."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from journey.customers.summary import PurchaseDays, purchase_days
from journey.errors import JourneyError
from journey.stores.online_retail import customer_orders, load_invoices

#: Days that are foretold; three further ones show how much the choice matters.
HORIZON, HORIZONS = 90, (60, 90, 120)
#: Days of history before anything is foretold.
LEAST = 2 * HORIZON


class Invoices:
    """Invoice lines of one shop, and the orders known at the end of any day."""

    def __init__(self, raw: pd.DataFrame) -> None:
        self._raw = raw
        self._known: dict[int, PurchaseDays] = {}

    @cached_property
    def everything(self) -> PurchaseDays:
        """All orders, less whatever was cancelled in the file."""
        return _days(load_invoices(self._raw))

    def known(self, day: int) -> PurchaseDays:
        """Orders as known at the end of a day."""
        if day not in self._known:
            self._known[day] = _days(load_invoices(self._raw, until=np.datetime64(day + 1, "D")))
        return self._known[day]

    @property
    def first(self) -> int:
        """First day with an order."""
        return int(self.everything.day.min())

    @property
    def last(self) -> int:
        """Last day with an order."""
        return int(self.everything.day.max())

    def cut(self, horizon: int = HORIZON) -> int:
        """Last day before the horizon that ends with the data.

        Raises
        ------
        JourneyError
            When the history before it is too short.
        """
        day = self.last - horizon
        if day - self.first + 1 < LEAST:
            raise JourneyError(
                f"the invoices cover {self.last - self.first + 1} days; foretelling the last {horizon} needs "
                f"{LEAST} days before them"
            )
        return day


def _days(lines: pd.DataFrame) -> PurchaseDays:
    orders = customer_orders(lines)
    return purchase_days(orders["customer"], orders["day"], orders["pence"] / 100)


def date_of(day: int) -> str:
    """A day as YYYY-MM-DD."""
    return str(np.datetime64(day, "D"))
