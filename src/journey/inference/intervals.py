"""Intervals of a share, of a mean, and of what was computed again on resamples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from journey.errors import JourneyError
from journey.inference.estimate import Estimate

FloatArray = NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """Two-sided standard normal quantile of a confidence level, e.g. 1.96 for 0.95.

    Raises
    ------
    JourneyError
        When `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise JourneyError(f"Confidence level {level} must lie between 0 and 1.")
    return float(special.ndtri(0.5 + level / 2))


def wilson_interval(
    successes: ArrayLike, totals: ArrayLike, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wilson score interval of a proportion, elementwise; NaN where the total is 0.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    wins, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(totals, dtype=float))
    z = normal_quantile(level)
    known = n > 0
    size = np.where(known, n, 1.0)
    share = wins / size
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    low = np.where(wins == 0, 0.0, centre - half)
    high = np.where(wins == size, 1.0, centre + half)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def wilson_estimate(successes: int, total: int, level: float = 0.95) -> Estimate:
    """One share with its Wilson interval.

    Raises
    ------
    JourneyError
        When the total is 0.
    """
    if total < 1:
        raise JourneyError("a share of nothing is undefined: the total is 0")
    low, high = (float(bound) for bound in wilson_interval(successes, total, level))
    return Estimate(successes / total, low, high, level, total, "Wilson")


def normal_interval(
    value: float, error: float, level: float = 0.95, *, decimals: int | None = None
) -> Estimate:
    """A value with the interval that its standard error gives by the normal law.

    Parameters
    ----------
    decimals
        Decimals to which the quantile is rounded, as tables print it: 1.96 with 2. None for all of them.

    Examples
    --------
    >>> normal_interval(3.0, 1.0, decimals=2).high
    4.96
    """
    quantile = normal_quantile(level)
    half = (quantile if decimals is None else round(quantile, decimals)) * error
    return Estimate(value, value - half, value + half, level, method="normal")


def student_interval(values: ArrayLike, level: float = 0.95) -> Estimate:
    """Mean of independent values, such as one of each shop, with its Student interval.

    Raises
    ------
    JourneyError
        For fewer than two values: they do not show how far they vary.
    """
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or len(found) < 2:
        raise JourneyError(f"a Student interval needs a list of at least two values, got shape {found.shape}")
    half = float(special.stdtrit(len(found) - 1, (1 + level) / 2) * found.std(ddof=1) / np.sqrt(len(found)))
    mean = float(found.mean())
    return Estimate(mean, mean - half, mean + half, level, len(found), "Student")


def percentile_interval(replicates: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Percentile bootstrap interval along the first axis.

    Source: Efron (1979), "Bootstrap methods: another look at the jackknife".
    """
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail], axis=0)
    return low, high


def percentile_estimate(
    value: float, replicates: FloatArray, level: float = 0.95, n: int | None = None
) -> Estimate:
    """Value with the percentile interval of its (b,) replicates, widened where it would not hold the value.

    Replicates that are not finite, such as a ratio over nothing, are left out; without any other the bounds
    are not known (NaN).
    """
    known = replicates[np.isfinite(replicates)]
    low, high = (float(x) for x in percentile_interval(known, level)) if len(known) else (np.nan, np.nan)
    return Estimate(float(value), min(low, value), max(high, value), level, n, "percentile bootstrap")
