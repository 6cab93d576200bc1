"""What an offer to those who may leave is worth, by whom it goes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.models.scores import bootstrap

Floats = NDArray[np.float64]
STEPS = 40


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

    def profits(self, left: ArrayLike) -> Floats:
        """Expected profit of an offer to each customer, by whether the customer left without one; (n,)."""
        return self.saved * self.worth * np.asarray(left, dtype=np.float64) - self.cost


def offer_profit(
    left: ArrayLike, chosen: ArrayLike, offer: Offer, *, replicates: int = 500, seed: int = 0
) -> Estimate:
    """Profit of offers to the chosen customers, per thousand customers at risk, with a bootstrap interval."""
    gain = offer.profits(left) * np.asarray(chosen, dtype=np.float64) * 1000

    def metrics(weights: Floats) -> dict[str, Floats]:
        return {"profit": weights @ gain / weights.sum(axis=1)}

    return bootstrap(metrics, None, len(gain), replicates=replicates, seed=seed)[0]["profit"]


def profit_curve(left: ArrayLike, score: ArrayLike, offer: Offer) -> pd.DataFrame:
    """Profit per thousand customers at risk by the share that gets the offer: share, threshold, profit."""
    p = np.asarray(score, dtype=np.float64)
    gain = offer.profits(left)
    thresholds = np.quantile(p, 1 - np.arange(1, STEPS + 1) / STEPS)
    rows = [(float((p >= t).mean()), float(t), float(gain[p >= t].sum() / len(p) * 1000)) for t in thresholds]
    return pd.DataFrame([(0.0, np.nan, 0.0), *rows], columns=["share", "threshold", "profit"])
