"""What every model has to beat: the base rate, 'bought before', and how recently the user was here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.features import FeatureFrame

#: Baseline -> the one feature it knows, and the edges of its bins.
RULES: dict[str, tuple[str, tuple[float, ...]]] = {
    "base_rate": ("orders_before", ()),
    "bought_before": ("orders_before", (0.5,)),
    "recency": ("days_since_last_session", (1.0, 3.0, 7.0, 30.0, 364.0)),
}
PRIOR_ROWS = 20.0


@dataclass(frozen=True)
class Baseline:
    """Share of buyers in each bin of one feature; row i is at or above `edges[i - 1]`."""

    name: str
    feature: str
    edges: tuple[float, ...]
    rates: NDArray[np.float64]

    def predict(self, frame: FeatureFrame) -> NDArray[np.float64]:
        """Probabilities of the rows of a frame; (n,)."""
        return self.rates[np.digitize(frame.column(self.feature), self.edges)]


def fit_baseline(name: str, frame: FeatureFrame) -> Baseline:
    """Count the shares of one rule of `RULES`, drawn to the overall share with the weight of 20 rows."""
    feature, edges = RULES[name]
    place = np.digitize(frame.column(feature), edges)
    n = np.bincount(place, minlength=len(edges) + 1)
    positives = np.bincount(place, weights=frame.label, minlength=len(edges) + 1)
    overall = frame.label.mean()
    return Baseline(name, feature, edges, (positives + PRIOR_ROWS * overall) / (n + PRIOR_ROWS))
