"""How well a score separates buyers from the rest: the area under the ROC curve, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from journey.errors import JourneyError
from journey.inference.labels import checked_labels


@dataclass(frozen=True)
class RocAuc:
    """Area under the ROC curve with a DeLong interval at confidence `level`."""

    value: float
    low: float
    high: float
    standard_error: float
    level: float
    n_positive: int
    n_negative: int


def placements(
    outcome: NDArray[np.bool_], score: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of negatives below each positive, and of positives above each negative (ties count half)."""
    positive, negative = score[outcome], score[~outcome]
    ranks = stats.rankdata(np.concatenate([positive, negative]))
    m, n = len(positive), len(negative)
    above = (ranks[:m] - stats.rankdata(positive)) / n
    below = 1.0 - (ranks[m:] - stats.rankdata(negative)) / m
    return above, below


def roc_auc(outcome: ArrayLike, score: ArrayLike, level: float = 0.95) -> RocAuc:
    """Area under the ROC curve with DeLong's interval on the logit scale.

    Parameters
    ----------
    outcome
        (n,) booleans or 0/1.
    score
        (n,) finite numbers; higher means more likely.
    level
        Confidence level of the interval.

    Raises
    ------
    JourneyError
        When lengths differ, an outcome is not 0 or 1, a score is not finite, or only one class is present.

    Notes
    -----
    DeLong, DeLong & Clarke-Pearson (1988), with the fast ranks of Sun & Xu (2014). The logit keeps the
    interval inside (0, 1). A perfect or perfectly wrong score has no sampling variance and returns itself.

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.75
    """
    y, s = checked_labels(outcome), np.asarray(score, dtype=np.float64)
    if y.shape != s.shape or y.ndim != 1:
        raise JourneyError(f"outcome and score must be vectors of one length, got {y.shape} and {s.shape}")
    if not np.isfinite(s).all():
        raise JourneyError(f"{int((~np.isfinite(s)).sum())} of {len(s)} scores are not finite")
    m, n = int(y.sum()), int((~y).sum())
    if m == 0 or n == 0:
        raise JourneyError(f"the ROC curve needs both classes, got {m} positives and {n} negatives")
    above, below = placements(y, s)
    area = float(above.mean())
    variance = (above.var(ddof=1) / m if m > 1 else 0.0) + (below.var(ddof=1) / n if n > 1 else 0.0)
    error = float(np.sqrt(variance))
    if error == 0.0 or not 0.0 < area < 1.0:
        return RocAuc(area, area, area, error, level, m, n)
    z = stats.norm.ppf(0.5 + level / 2)
    centre, width = np.log(area / (1 - area)), z * error / (area * (1 - area))
    low, high = (float(1 / (1 + np.exp(-x))) for x in (centre - width, centre + width))
    return RocAuc(area, low, high, error, level, m, n)
