"""What an offer to those who may leave is worth, by whom it goes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.inference.arrays import Ints
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


def targets(left: ArrayLike, score: ArrayLike, thresholds: ArrayLike) -> Targets:
    """Count whom a score reaches at each threshold."""
    gone, s = np.asarray(left, dtype=np.bool_), np.asarray(score, dtype=np.float64)
    reached = s[:, None] >= np.asarray(thresholds, dtype=np.float64)
    return Targets(reached.sum(axis=0), reached[gone].sum(axis=0), len(s))


def profit_per_thousand(reached: Targets, offer: Offer, level: float = 0.95) -> list[Estimate]:
    """Expected profit of an offer at each threshold, for 1,000 customers at risk.

    Notes
    -----
    The interval is normal. A customer brings the saved worth less the cost, the cost alone, or nothing; three
    counts give the mean and its standard error.
    """
    gain, z = offer.saved * offer.worth - offer.cost, normal_quantile(level)
    n, found = reached.customers, []
    for chosen, leavers in zip(reached.chosen, reached.leavers, strict=True):
        mean = (leavers * gain - (chosen - leavers) * offer.cost) / n
        square = (leavers * gain**2 + (chosen - leavers) * offer.cost**2) / n
        half = z * float(np.sqrt(max(square - mean**2, 0.0) / n))
        found.append(Estimate(1000 * mean, 1000 * (mean - half), 1000 * (mean + half), level))
    return found
