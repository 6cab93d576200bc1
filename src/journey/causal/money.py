"""What a treatment such as a coupon brings in money: the effect that it has, less what it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.comparison import DecisionCost, decision_cost
from journey.causal.study import CausalEffect
from journey.errors import JourneyError
from journey.inference.estimate import Estimate


@dataclass(frozen=True)
class Offer:
    """A treatment that pays by what it causes and costs something for each who gets it.

    Attributes
    ----------
    value
        Money that one unit of the outcome is worth.
    cost
        Mean cost of treating one.
    n
        How many are treated.
    """

    value: float
    cost: float
    n: int

    def gain(self, effect: float) -> float:
        """Money that treating all of them brings when the mean effect is `effect`."""
        return (effect * self.value - self.cost) * self.n

    def promised(self, effect: CausalEffect) -> Estimate:
        """The same by an estimated effect, with its interval; value and cost count as known."""
        value, low, high = (self.gain(each) for each in (effect.estimate, effect.low, effect.high))
        return Estimate(value, low, high, effect.level)

    def decided(self, estimate: float, truth: float) -> DecisionCost:
        """What it costs to go on or to stop by an estimate instead of by the truth."""
        return decision_cost(estimate, truth, value=self.value, cost=self.cost, n=self.n)


def discount_offer(bought: ArrayLike, percent: ArrayLike, *, basket: float, margin: float) -> Offer:
    """A discount as an offer: a purchase that it causes earns the margin, every purchase with it costs it.

    Parameters
    ----------
    bought, percent
        Of those who were given it, shape (n,): whether they bought, and the discount in percent.
    basket
        What a purchase is worth before the discount.
    margin
        Gross margin as a share of that, from 0 to 1.

    Raises
    ------
    JourneyError
        When nobody was given it, shapes differ, a value is missing, or the margin is no share.

    Examples
    --------
    >>> discount_offer([1, 0], [10, 10], basket=60.0, margin=0.5)
    Offer(value=30.0, cost=3.0, n=2)
    """
    happened, given = np.asarray(bought, dtype=float), np.asarray(percent, dtype=float)
    if happened.shape != given.shape or happened.ndim != 1 or not len(happened):
        raise JourneyError(
            f"A discount needs purchases and percents of one length, got {happened.shape} and {given.shape}."
        )
    if not (np.isfinite(happened).all() and np.isfinite(given).all()):
        raise JourneyError("A purchase or a discount is missing; leave these rows out.")
    if not 0 <= margin <= 1:
        raise JourneyError(f"The margin ({margin}) must lie between 0 and 1.")
    return Offer(margin * basket, float((happened * given / 100).mean()) * basket, len(happened))
