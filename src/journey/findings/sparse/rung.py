"""One rung of the ladder of chapter 06."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rung:
    """One target, learned.

    Attributes
    ----------
    scores
        (sessions, things) scores of the test pairs by the model.
    baseline
        What takes no learning about the pair.
    oracle
        True chances; those of three sessions are told who returns.
    happened
        Whether each test pair came true.
    positives, train_precision
        Positives before the test period, and average precision on the rows it learned from.
    """

    scores: NDArray[np.floating]
    baseline: NDArray[np.floating]
    oracle: NDArray[np.float64]
    happened: NDArray[np.bool_]
    positives: int
    train_precision: float
