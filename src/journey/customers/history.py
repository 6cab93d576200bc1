"""What is known of each customer on a day, as features: recency, frequency, money and their rhythm.

Nothing after that day is looked at, and nothing of one shop is assumed: customer, day and money are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journey.customers.summary import PurchaseDays, follow, summarise
from journey.inference.arrays import Floats

WINDOWS = (30, 90, 180)

FEATURES = (
    "days_since_last",
    "days_since_first",
    "orders",
    "money",
    "money_mean",
    "money_last",
    "days_between",
    "lateness",
    *(f"orders_{window}" for window in WINDOWS),
    *(f"money_{window}" for window in WINDOWS),
    "one_order",
    "bought_in_30",
)
#: Features that are yes or no.
FLAGS = ("one_order", "bought_in_30")
#: Features whose window is short and full for every customer: they can be watched week by week.
WATCHED = ("orders_30", "money_30", "money_last", "days_since_last")


#: From a day to the purchases known at its end: a later cancellation is not known yet.
Knowledge = Callable[[int], PurchaseDays]


@dataclass(frozen=True)
class Known:
    """Features of the customers who had bought by a day.

    Attributes
    ----------
    customer
        (n,) identifiers, ascending.
    matrix
        (n, k) features, in the order of `FEATURES`.
    at
        The day.
    """

    customer: NDArray[Any]
    matrix: Floats
    at: int

    def column(self, name: str) -> Floats:
        """One feature; (n,)."""
        return self.matrix[:, FEATURES.index(name)]

    def take(self, rows: NDArray[Any]) -> Known:
        """Some of the customers."""
        return Known(self.customer[rows], self.matrix[rows], self.at)


def known_at(days: PurchaseDays, at: int, *, within: int | None = None) -> Known:
    """Features at the end of day `at`.

    Parameters
    ----------
    within
        Only customers whose last purchase is at most so many days old; all when omitted.

    Raises
    ------
    JourneyError
        When nobody has bought by then.
    """
    summary = summarise(days, at)
    who = summary.customer
    orders = summary.frequency + 1.0
    counts = {window: follow(days, who, at - window, at) for window in WINDOWS}
    money = follow(days, who, at - 10**6, at)[1]
    since = (summary.age - summary.recency).astype(np.float64)
    # With one purchase there is no gap yet; the age stands in for it.
    between = np.where(summary.frequency > 0, summary.recency / np.maximum(summary.frequency, 1), summary.age)
    columns = [
        since,
        summary.age,
        orders,
        money,
        money / orders,
        _last_money(days, at),
        between,
        since / np.maximum(between, 1.0),
        *(counts[window][0] for window in WINDOWS),
        *(counts[window][1] for window in WINDOWS),
        orders == 1,
        since < 30,
    ]
    known = Known(who, np.column_stack(columns).astype(np.float64), at)
    return known if within is None else known.take(since < within)


def _last_money(days: PurchaseDays, at: int) -> Floats:
    rows = np.flatnonzero(days.day <= at)
    customer = days.customer[rows]
    return days.money[rows[np.r_[customer[1:] != customer[:-1], True]]]


def learning_days(first: int, at: int, horizon: int, *, most: int = 3, apart: int = 30) -> list[int]:
    """Days before `at` whose horizon is over by then and that have a horizon of history; latest first.

    Parameters
    ----------
    first
        First day of the data.
    most, apart
        How many days at most, and the days between two of them.
    """
    days: Sequence[int] = range(at - horizon, at - horizon - most * apart, -apart)
    return [day for day in days if day - first >= horizon - 1]
