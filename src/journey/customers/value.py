"""Value in money: purchases still to come, discounted, times what a purchase is worth and the margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.customers.bgnbd import BetaGeometric, fit_bgnbd
from journey.customers.buying import Buying
from journey.customers.gamma_gamma import GammaGamma, fit_gamma_gamma
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_interval
from journey.inference.resampling import resample_counts

Floats = NDArray[np.float64]
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


def residual_value(model: Buying, money: GammaGamma, summary: Summary, terms: Terms) -> Floats:
    """Discounted margin that each known customer still brings within the horizon; (n,)."""
    ends, worth = terms.steps()
    seen = model.expected(summary, ends)
    bought = np.diff(seen, axis=1, prepend=0.0) @ worth
    return np.asarray(terms.margin * bought * money.expected(summary))


def value_of_new(model: Buying, mean: float, first: float, terms: Terms) -> tuple[float, float, float]:
    """Discounted margin of the first purchase, of the repeat purchases, and their discounted number."""
    ends, worth = terms.steps()
    bought = float(np.diff(model.expected_new(ends), prepend=0.0) @ worth)
    return terms.margin * first, terms.margin * bought * mean, bought


def lifetime_of_new(
    summary: Summary,
    first: ArrayLike,
    terms: Terms,
    *,
    fitted: tuple[BetaGeometric, GammaGamma],
    replicates: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> Lifetime:
    """Value of a new customer, with an interval from refitting both models to drawn customers.

    Parameters
    ----------
    first
        (n,) money of each customer's first purchase day.
    fitted
        BG/NBD and Gamma-Gamma of all customers.

    Notes
    -----
    Sampling error only: that customers go on as the model says is not in the interval. Draws on which a model
    has no maximum are left out; more than one in ten is an error.
    """
    paid = np.asarray(first, dtype=np.float64)
    found, failed = [], 0
    for block in resample_counts(len(summary), replicates, seed):
        for counts in block:
            try:
                found.append(_refitted(summary, paid, terms, counts, fitted))
            except JourneyError:
                failed += 1
    if failed > 0.1 * replicates:
        raise JourneyError(
            f"{failed} of {replicates} resamples of {len(summary):,} customers cannot be fitted"
        )
    model, money = fitted
    one, more, bought = value_of_new(model, money.mean, float(paid.mean()), terms)
    low, high = percentile_interval(np.array(found), level)
    values = (one, more, one + more, bought)
    first_, later, total, purchases = (
        Estimate(value, float(min(a, value)), float(max(b, value)), level)
        for value, a, b in zip(values, low, high, strict=True)
    )
    return Lifetime(first_, later, total, purchases)


def _refitted(
    summary: Summary, paid: Floats, terms: Terms, counts: Floats, fitted: tuple[BetaGeometric, GammaGamma]
) -> tuple[float, float, float, float]:
    model, money = fitted
    again = fit_bgnbd(
        summary,
        period_days=model.period_days,
        leaves_at_once=model.leaves_at_once,
        weights=counts,
        start=model.fit.values,
    )
    spent = fit_gamma_gamma(summary, weights=counts * positive(summary), start=money.fit.values)
    one, more, bought = value_of_new(again, spent.mean, float(np.average(paid, weights=counts)), terms)
    return one, more, one + more, bought


def positive(summary: Summary) -> Floats:
    """1 for customers whose mean repeat purchase is above zero or unknown, 0 for the others; (n,)."""
    return np.where(summary.money <= 0, 0.0, 1.0)
