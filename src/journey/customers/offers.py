"""What an offer to those who may leave is worth, by whom it goes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints
from journey.inference.estimate import Estimate
from journey.inference.intervals import normal_quantile


@dataclass(frozen=True)
class Offer:
    """What an offer costs and does, as assumed.

    Attributes
    ----------
    cost
        Of an offer, whoever gets it: those who would have stayed take it too.
    saved
        Share of the leavers who stay because of it.
    worth
        Gross margin that a customer who stays brings within the horizon.
    """

    cost: float
    saved: float
    worth: float

    @property
    def threshold(self) -> float:
        """Probability of leaving from which an offer pays; above 1 it never does.

        Raises
        ------
        JourneyError
            When nobody is saved or a saved customer brings nothing.
        """
        if self.saved * self.worth <= 0:
            raise JourneyError(
                f"an offer that saves {self.saved:g} of the leavers, worth {self.worth:g} each, never "
                f"pays; change assumptions.toml"
            )
        return self.cost / (self.saved * self.worth)


@dataclass(frozen=True)
class Targets:
    """How many customers a rule reaches at each of its thresholds; the first two (t,).

    Attributes
    ----------
    chosen, leavers
        Customers at or above each threshold, and those of them who left.
    customers
        All at risk.
    """

    chosen: Ints
    leavers: Ints
    customers: int


def targets(
    left: ArrayLike, score: ArrayLike, thresholds: ArrayLike, but: ArrayLike | None = None
) -> Targets:
    """Count whom a score reaches at each threshold, less those whom another score, `but`, reaches too."""
    gone, s = np.asarray(left, dtype=np.bool_), np.asarray(score, dtype=np.float64)
    reached = s[:, None] >= np.asarray(thresholds, dtype=np.float64)
    if but is not None:
        reached &= np.asarray(but, dtype=np.float64)[:, None] < np.asarray(thresholds, dtype=np.float64)
    return Targets(reached.sum(axis=0), reached[gone].sum(axis=0), len(s))


def profit_per_thousand(reached: Targets, offer: Offer, level: float = 0.95) -> list[Estimate]:
    """Expected profit of an offer at each threshold, for 1,000 customers at risk.

    Notes
    -----
    The interval is normal. A customer brings the saved worth less the cost, the cost alone, or nothing; three
    counts give the mean and its standard error.
    """
    return _per_thousand(*_moments(reached, offer), reached.customers, level)


def profit_over(one: Targets, other: Targets, offer: Offer, level: float = 0.95) -> list[Estimate]:
    """How much more one rule brings than another on the same 1,000 customers, at each threshold.

    Parameters
    ----------
    one, other
        Whom only the one rule reaches, and whom only the other; on all else the two agree.

    Raises
    ------
    JourneyError
        When the two count other customers.
    """
    if one.customers != other.customers:
        raise JourneyError(f"rules on {one.customers:,} and {other.customers:,} customers cannot be compared")
    (mean, square), (less, more) = _moments(one, offer), _moments(other, offer)
    return _per_thousand(mean - less, square + more, one.customers, level)


def _moments(reached: Targets, offer: Offer) -> tuple[Floats, Floats]:
    """Mean and mean square of what a customer brings, at each threshold."""
    gain, n = offer.saved * offer.worth - offer.cost, reached.customers
    leavers, stayers = np.asarray(reached.leavers), np.asarray(reached.chosen) - reached.leavers
    mean = (leavers * gain - stayers * offer.cost) / n
    return mean, (leavers * gain**2 + stayers * offer.cost**2) / n


def _per_thousand(mean: Floats, square: Floats, n: int, level: float) -> list[Estimate]:
    half = normal_quantile(level) * np.sqrt(np.maximum(square - mean**2, 0.0) / n)
    ends = zip(1000 * mean, 1000 * (mean - half), 1000 * (mean + half), strict=True)
    return [Estimate(float(value), float(low), float(high), level) for value, low, high in ends]
