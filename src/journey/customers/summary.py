"""Purchases by customer as recency, frequency and money: what the models of customer value read.

Purchases of one customer on one day are one purchase, and their money is summed. Counts, recency and age are
in whole days; a model divides them by the length of its own period: a week is seven days, no calendar week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints


@dataclass(frozen=True)
class PurchaseDays:
    """One row a customer and day with a purchase, sorted by customer and day.

    Attributes
    ----------
    customer
        (m,) position in `names`.
    day
        (m,) days since 1970-01-01.
    money
        (m,) money of that day.
    names
        (n,) identifiers of the customers, ascending.
    """

    customer: Ints
    day: Ints
    money: Floats
    names: NDArray[Any]

    def between(self, after: int, until: int) -> NDArray[np.bool_]:
        """Rows later than day `after`, up to and with day `until`; (m,)."""
        return (self.day > after) & (self.day <= until)


@dataclass(frozen=True)
class Summary:
    """What is known of each customer at the end of a day; all (n,).

    Attributes
    ----------
    customer
        Identifiers, ascending.
    frequency
        Days with a purchase after the first.
    recency
        Days from the first to the last purchase; 0 with one purchase.
    age
        Days from the first purchase to the end.
    money
        Mean money of a repeat purchase day; NaN with one purchase.
    """

    customer: NDArray[Any]
    frequency: Ints
    recency: Ints
    age: Ints
    money: Floats

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Customers with a repeat purchase."""
        return self.frequency > 0


def purchase_days(customer: ArrayLike, moment: ArrayLike, money: ArrayLike) -> PurchaseDays:
    """Put purchases of one customer and day together.

    Parameters
    ----------
    customer, moment, money
        (k,) identifier, time of the purchase, and its money.

    Raises
    ------
    JourneyError
        For lengths that differ, no purchase, a time that is missing or money that is not finite.
    """
    who, amount = np.asarray(customer), np.asarray(money, dtype=np.float64)
    when = np.asarray(moment, dtype="datetime64[D]")
    if not len(who) == len(when) == len(amount):
        raise JourneyError(
            f"purchases need a customer, time and amount each, got {len(who)}, {len(when)} and {len(amount)}"
        )
    if len(who) == 0:
        raise JourneyError("there are no purchases to summarise: the table is empty")
    if np.isnat(when).any() or not np.isfinite(amount).all():
        missing, odd = int(np.isnat(when).sum()), int((~np.isfinite(amount)).sum())
        raise JourneyError(f"{missing} of {len(when)} purchases have no time, {odd} no finite amount")
    names, member = np.unique(who, return_inverse=True)
    day = when.astype(np.int64)
    first = int(day.min())
    span = int(day.max()) - first + 1
    keys, place = np.unique(member.astype(np.int64) * span + (day - first), return_inverse=True)
    total = np.bincount(place, weights=amount).astype(np.float64)
    return PurchaseDays(keys // span, keys % span + first, total, names)


def day_number(date: str) -> int:
    """Days since 1970-01-01 of a date such as `1997-09-30`."""
    return int(np.datetime64(date, "D").astype(np.int64))


def summarise(days: PurchaseDays, end: int) -> Summary:
    """What is known of each customer at the end of day `end`; later purchases do not count.

    Customers whose first purchase is later are left out.

    Raises
    ------
    JourneyError
        When nobody has bought by then.
    """
    known = days.day <= end
    if not known.any():
        raise JourneyError(f"nobody has bought by {np.datetime64(end, 'D')}; choose a later end")
    customer, day, money = days.customer[known], days.day[known], days.money[known]
    starts = np.flatnonzero(np.r_[True, customer[1:] != customer[:-1]])
    ends = np.r_[starts[1:], len(customer)] - 1
    frequency = ends - starts
    total = np.add.reduceat(money, starts) - money[starts]
    mean = np.divide(total, frequency, out=np.full(len(starts), np.nan), where=frequency > 0)
    return Summary(days.names[customer[starts]], frequency, day[ends] - day[starts], end - day[starts], mean)


def follow(days: PurchaseDays, customers: NDArray[Any], after: int, until: int) -> tuple[Ints, Floats]:
    """Purchase days and money of the given customers later than `after`, up to `until`; both (n,)."""
    rows = days.between(after, until)
    place = np.searchsorted(customers, days.names[days.customer[rows]])
    place = np.minimum(place, len(customers) - 1)
    asked = customers[place] == days.names[days.customer[rows]]
    place = place[asked]
    count = np.bincount(place, minlength=len(customers)).astype(np.int64)
    spent = np.bincount(place, weights=days.money[rows][asked], minlength=len(customers))
    return count, spent.astype(np.float64)


def repeat_purchases(days: PurchaseDays, until: Ints) -> Ints:
    """Repeat purchase days of all customers up to each of the days `until`."""
    first = np.r_[True, days.customer[1:] != days.customer[:-1]]
    return np.searchsorted(np.sort(days.day[~first]), until, side="right").astype(np.int64)
