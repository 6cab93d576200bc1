"""Value in money: purchases still to come, discounted, times what a purchase is worth and the margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from journey.customers.buying import Buying
from journey.customers.gamma_gamma import GammaGamma
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_interval

YEAR, STEP = 365.25, 7.0  # days; purchases are discounted week by week


@dataclass(frozen=True)
class Terms:
    """What turns purchases into value.

    Attributes
    ----------
    margin
        Gross margin as a share of revenue.
    discount
        Interest a year by which later money counts less.
    days
        How far ahead purchases count.
    """

    margin: float
    discount: float
    days: float

    def __post_init__(self) -> None:
        if not (0 <= self.margin <= 1 and self.discount > -1 and self.days > 0):
            raise JourneyError(
                f"value needs a margin from 0 to 1, a discount above -1 and days above 0, got "
                f"{self.margin:g}, {self.discount:g} and {self.days:g}; change assumptions.toml"
            )

    def steps(self) -> tuple[Floats, Floats]:
        """Ends of the weeks in days, and what money of the middle of each is worth now."""
        ends = np.minimum(np.arange(1, np.ceil(self.days / STEP) + 1) * STEP, self.days)
        middle = (np.r_[0.0, ends[:-1]] + ends) / 2
        return ends, (1 + self.discount) ** (-middle / YEAR)


@dataclass(frozen=True)
class Lifetime:
    """Discounted gross margin of a new customer within the horizon.

    Attributes
    ----------
    first, later
        Of the first purchase, and of all repeat purchases.
    total
        Both: what winning such a customer may cost at most.
    purchases
        Discounted repeat purchases.
    """

    first: Estimate
    later: Estimate
    total: Estimate
    purchases: Estimate


def value_of_new(model: Buying, mean: float, first: float, terms: Terms) -> tuple[float, float, float]:
    """Discounted margin of the first purchase, of the repeat purchases, and their discounted number."""
    ends, worth = terms.steps()
    bought = float(np.diff(model.expected_new(ends), prepend=0.0) @ worth)
    return terms.margin * first, terms.margin * bought * mean, bought


def lifetime_of_new(
    model: Any,
    money: GammaGamma,
    first: tuple[float, float],
    terms: Terms,
    *,
    draws: int = 400,
    seed: int = 0,
    level: float = 0.95,
) -> Lifetime:
    """Value of a new customer, with an interval for what the fits leave open.

    Parameters
    ----------
    first
        Mean money of a first purchase day, and its standard error.

    Notes
    -----
    Parameters are drawn as normal in their logarithms around the maximum. That customers go on as the model
    says, beyond the days that were seen, is not in the interval.
    """
    rng = np.random.default_rng(seed)
    openings = np.maximum(rng.normal(*first, size=draws), 0.0)
    found = []
    for values, amounts, opening in zip(
        model.fit.draws(draws, seed + 1), money.fit.draws(draws, seed + 2), openings, strict=True
    ):
        drawn = replace(model, fit=replace(model.fit, values=values))
        spent = replace(money, fit=replace(money.fit, values=amounts))
        if amounts[1] > 1:
            found.append(value_of_new(drawn, spent.mean, opening, terms))
    one, more, bought = value_of_new(model, money.mean, first[0], terms)
    parts = np.array(found)
    table = np.column_stack([parts[:, 0], parts[:, 1], parts[:, 0] + parts[:, 1], parts[:, 2]])
    low, high = percentile_interval(table, level)
    first_, later, total, purchases = (
        Estimate(value, float(min(a, value)), float(max(b, value)), level)
        for value, a, b in zip((one, more, one + more, bought), low, high, strict=True)
    )
    return Lifetime(first_, later, total, purchases)


def positive(summary: Summary) -> Floats:
    """1 for customers whose mean repeat purchase is above zero or unknown, 0 for the others; (n,)."""
    return np.where(summary.money <= 0, 0.0, 1.0)
