"""Recency, frequency, money: scores in fifths, and segments named by stated rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints

#: Segment -> its rule; the first that holds counts. R, F and M are scores from 1 to 5, 5 the best fifth.
RULES = {
    "New": "one order, R ≥ 4",
    "Lost": "one order, R ≤ 2",
    "Champions": "R, F, M ≥ 4",
    "Loyal": "R ≥ 3, F ≥ 4",
    "At Risk": "R ≤ 2, F ≥ 4",
    "Promising": "R ≥ 4",
    "Needs Attention": "R = 3",
    "Hibernating": "all others",
}
SEGMENTS = tuple(RULES)
GONE = "No order"


@dataclass(frozen=True)
class History:
    """What each customer bought in a window of days, one entry a customer, in order of their number.

    Attributes
    ----------
    customer
        Numbers of the customers.
    days_since
        Days from the last order to the end of the window; 1 when it was on the last day.
    orders
        Days with an order.
    money
        Sum over the orders, in the unit given.
    """

    customer: Ints
    days_since: Ints
    orders: Ints
    money: Floats


def order_history(
    orders: pd.DataFrame, start: np.datetime64 | pd.Timestamp, end: np.datetime64 | pd.Timestamp
) -> History:
    """Sum up orders in a window.

    Parameters
    ----------
    orders
        One row a customer and day: customer, day, pence (or `money`), as `customer_orders` gives them.
    start, end
        First day that counts, and first that does not.

    Raises
    ------
    JourneyError
        When the window holds no order.
    """
    start, end = pd.Timestamp(start), pd.Timestamp(end)
    inside = orders[(orders["day"] >= start) & (orders["day"] < end)]
    if inside.empty:
        raise JourneyError(f"no order from {start:%Y-%m-%d} to {end:%Y-%m-%d} among {len(orders):,}")
    grouped = inside.groupby("customer", sort=True)
    last = grouped["day"].max()
    return History(
        customer=last.index.to_numpy(dtype=np.int64),
        days_since=(end.normalize() - last).dt.days.to_numpy(dtype=np.int64),
        orders=grouped["day"].nunique().to_numpy(dtype=np.int64),
        money=grouped["pence"].sum().to_numpy(dtype=np.float64),
    )


def fifths(values: ArrayLike, among: ArrayLike | None = None, *, groups: int = 5) -> Ints:
    """Score from 1 (the smallest values) to `groups`; equal values get equal scores.

    Parameters
    ----------
    values
        (n,) to be scored.
    among
        Values that set the limits, such as those of an earlier window; `values` themselves when left out.

    Equal values share the mean of their ranks, and the score is the group that this rank falls into. So a
    value that many share may leave the groups next to it empty; ranks by row order would split it instead,
    and customers who did the same would get different names.

    Raises
    ------
    JourneyError
        For no values, or one that is not finite.
    """
    numbers = np.asarray(values, dtype=np.float64)
    others = np.sort(numbers if among is None else np.asarray(among, dtype=np.float64))
    if not len(others) or not np.isfinite(others).all() or not np.isfinite(numbers).all():
        raise JourneyError(f"scores need finite values of at least one customer, got {len(others):,}")
    below, upto = np.searchsorted(others, numbers), np.searchsorted(others, numbers, side="right")
    return np.clip(np.ceil(groups * (below + upto + 1) / (2 * len(others))), 1, groups).astype(np.int64)


def name_customers(history: History, among: History | None = None) -> NDArray[np.str_]:
    """Segment of each customer by `RULES`.

    Scores compare customers with each other, or with those of an earlier history when `among` is given: its
    limits then stay.
    """
    limits = among or history
    recency = fifths(-history.days_since, -limits.days_since)
    often, money = fifths(history.orders, limits.orders), fifths(history.money, limits.money)
    once = history.orders == 1
    holds = {
        "New": once & (recency >= 4),
        "Lost": once & (recency <= 2),
        "Champions": (recency >= 4) & (often >= 4) & (money >= 4),
        "Loyal": (recency >= 3) & (often >= 4),
        "At Risk": (recency <= 2) & (often >= 4),
        "Promising": recency >= 4,
        "Needs Attention": recency == 3,
        "Hibernating": np.ones(len(once), dtype=np.bool_),
    }
    return np.select([holds[name] for name in SEGMENTS], list(SEGMENTS), "").astype(np.str_)


def migration(
    before: History, names_before: NDArray[np.str_], after: History, names_after: NDArray[np.str_]
) -> pd.DataFrame:
    """Customers by segment before (rows) and after (columns); those without an order are `GONE`."""
    then = pd.Series(names_before, index=before.customer)
    now = pd.Series(names_after, index=after.customer)
    both = pd.concat([then.rename("before"), now.rename("after")], axis=1).fillna(GONE)
    counts = pd.crosstab(both["before"], both["after"])
    order = [*SEGMENTS, GONE]
    return counts.reindex(index=order, columns=order, fill_value=0)
