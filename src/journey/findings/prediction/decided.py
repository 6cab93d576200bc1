"""What chapter 05 knows about one decision, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.models.scores import reliability
from journey.models.training import Periods, PurchaseModel

#: decision -> (short name in the ledger, in words)
SHORT = {
    "session_start": ("start", "session start"),
    "after_3_events": ("third", "third event"),
    "first_cart": ("cart", "first cart"),
}
#: model or baseline -> in words
NAMES = {
    "base_rate": "base rate",
    "bought_before": "bought before",
    "recency": "last visit",
    "logistic": "logistic regression",
    "xgboost": "XGBoost",
    "blend": "mean of both",
}
#: decision -> the moment, as labels of the ledger say it
WHEN = {
    "session_start": "at session start",
    "after_3_events": "after three events",
    "first_cart": "at the first cart",
}


@dataclass(frozen=True)
class Decided:
    """Everything about one decision: rows by period, models, and probabilities of the test rows by model."""

    decision: str
    periods: Periods
    model: PurchaseModel
    probabilities: dict[str, NDArray[np.float64]]

    @property
    def short(self) -> str:
        """Short name, as used in the ledger."""
        return SHORT[self.decision][0]

    @property
    def when(self) -> str:
        """The moment in words."""
        return WHEN[self.decision]

    @property
    def chosen(self) -> NDArray[np.float64]:
        """Probabilities of the model that decides."""
        return self.probabilities[self.model.chosen]


def reliability_bins(words: str, label: NDArray[np.bool_], chosen: NDArray[np.float64]) -> pd.DataFrame:
    """Predicted and observed shares by bins of the scores of one decision, named in words."""
    found = reliability(label, chosen)
    parts = {part: getattr(found, part) for part in ("predicted", "observed", "low", "high", "n")}
    return pd.DataFrame({"decision": words} | parts)
