"""Days that do not fit their weekday."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError


@dataclass(frozen=True)
class Anomalies:
    """Expected value and robust z-score of each day; `flagged` where |z| exceeds the threshold."""

    expected: NDArray[np.float64]
    z: NDArray[np.float64]
    flagged: NDArray[np.bool_]


def weekday_anomalies(values: ArrayLike, weekdays: ArrayLike, *, threshold: float = 5.0) -> Anomalies:
    """Compare each day with the median of the same weekday, on the log scale.

    Parameters
    ----------
    values
        (days,) positive totals, in order of time.
    weekdays
        (days,) integers 0-6.
    threshold
        Number of robust standard deviations; the spread is 1.4826 times the median absolute deviation of
        all log ratios, so one odd weekend does not hide itself. Where that is 0, because most days are what
        is expected of them, it is 1.2533 times the mean absolute deviation (Iglewicz & Hoaglin 1993).

    Raises
    ------
    JourneyError
        For a day with a total of zero or less, or lengths that differ.
    """
    totals, days = np.asarray(values, dtype=np.float64), np.asarray(weekdays)
    if totals.shape != days.shape or totals.ndim != 1:
        raise JourneyError("values and weekdays must be vectors of one length")
    if (totals <= 0).any():
        raise JourneyError(
            f"{int((totals <= 0).sum())} days have no value: drop them or choose another metric"
        )
    expected = np.empty_like(totals)
    for day in np.unique(days):
        expected[days == day] = np.median(totals[days == day])
    ratio = np.log(totals / expected)
    deviation = np.abs(ratio - np.median(ratio))
    spread = 1.4826 * np.median(deviation) or np.sqrt(np.pi / 2) * deviation.mean()
    z = ratio / spread if spread > 0 else np.zeros_like(ratio)
    return Anomalies(expected, z, np.abs(z) > threshold)
