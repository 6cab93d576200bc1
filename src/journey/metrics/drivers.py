"""The driver tree: a north-star metric as a product, and its changes as sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError

Numeric = float | NDArray[np.float64]

#: Drivers of net revenue per visitor, in the order in which a visit happens.
DRIVERS = (
    "sessions_per_visitor",
    "cart_rate",
    "checkout_rate",
    "purchase_rate",
    "orders_per_buying_session",
    "average_order_value",
)


@dataclass(frozen=True)
class DriverTree:
    """Net revenue per visitor and the drivers whose product it is."""

    revenue_per_visitor: float
    drivers: dict[str, float]

    @property
    def product(self) -> float:
        """The product of the drivers."""
        return float(np.prod(list(self.drivers.values())))


def driver_tree(totals: Mapping[str, float]) -> DriverTree:
    """Net revenue per visitor as sessions x cart x checkout x purchase x orders x order value.

    Parameters
    ----------
    totals
        `visitors`, `sessions`, `cart_sessions`, `checkout_sessions`, `buying_sessions`, `orders`,
        `revenue`: counts, and revenue in money. Steps are nested: a buying session has a checkout, and a
        checkout session has a cart.

    Raises
    ------
    JourneyError
        When a step before the last is empty, so that a rate is undefined.
    """
    steps = ("visitors", "sessions", "cart_sessions", "checkout_sessions", "buying_sessions", "orders")
    if empty := [step for step in steps if totals[step] <= 0]:
        raise JourneyError(f"the driver tree needs at least one of {empty[0]}; the segment has none")
    chain = [totals[step] for step in (*steps, "revenue")]
    drivers = {name: after / before for name, before, after in zip(DRIVERS, chain, chain[1:], strict=False)}
    return DriverTree(totals["revenue"] / totals["visitors"], drivers)


@dataclass(frozen=True)
class RateChange:
    """Change of an overall rate between two periods, split into mix and rate."""

    before: Numeric
    after: Numeric
    mix: Numeric
    rate: Numeric

    @property
    def change(self) -> Numeric:
        """After minus before; equals mix plus rate."""
        return self.after - self.before


def mix_and_rate(
    sessions_before: np.ndarray, buys_before: np.ndarray, sessions_after: np.ndarray, buys_after: np.ndarray
) -> RateChange:
    """Split a change of conversion into who came (mix) and how they behaved (rate).

    Parameters
    ----------
    sessions_before, buys_before, sessions_after, buys_after
        (k,) counts by segment in each period, or (k, draws); each segment has sessions in both.

    Raises
    ------
    JourneyError
        When a segment has no sessions in a period.

    Notes
    -----
    Symmetric Kitagawa (1955) decomposition: each part is weighted by the average of the two periods, so
    nothing is left over.
    """
    arrays = [np.asarray(a, dtype=float) for a in (sessions_before, buys_before, sessions_after, buys_after)]
    n0, k0, n1, k1 = arrays
    if (n0 <= 0).any() or (n1 <= 0).any():
        raise JourneyError("a segment has no sessions in one of the two periods: its rate is undefined")
    share0, share1, rate0, rate1 = n0 / n0.sum(0), n1 / n1.sum(0), k0 / n0, k1 / n1
    return RateChange(
        before=k0.sum(0) / n0.sum(0),
        after=k1.sum(0) / n1.sum(0),
        mix=((share1 - share0) * (rate0 + rate1) / 2).sum(0),
        rate=((rate1 - rate0) * (share0 + share1) / 2).sum(0),
    )
