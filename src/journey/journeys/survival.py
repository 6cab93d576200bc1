"""Time to convert with right-censoring: Kaplan-Meier and the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from journey.errors import JourneyError
from journey.inference.intervals import FloatArray, normal_quantile
from journey.inference.labels import checked_labels
from journey.journeys.paths import BoolArray, IntArray


@dataclass(frozen=True)
class SurvivalCurve:
    """Kaplan-Meier estimate, one row per distinct event time.

    Attributes
    ----------
    time
        Distinct times at which an event occurred, ascending, in the unit of the durations, shape (k,).
    at_risk, events, censored
        At risk just before the time; events at it; censored from it until just before the next row.
    survival, standard_error
        S(t) and its Greenwood standard error.
    low, high
        Pointwise log-log interval of S(t).
    median, median_low, median_high
        Smallest time with S(t) <= 0.5 and its interval (Brookmeyer and Crowley 1982 with the log-log
        transform); None where the curve or the band never gets that low.
    restricted_mean, restricted_mean_error, horizon
        Area under S(t) up to `horizon` (the longest duration seen unless given) and its standard error; None
        without an event, when nothing is known of how long it takes.
    """

    time: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    survival: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    median: float | None
    median_low: float | None
    median_high: float | None
    restricted_mean: float | None
    restricted_mean_error: float | None
    horizon: float
    n: int
    n_events: int
    level: float


@dataclass(frozen=True)
class LogRankTest:
    """Test that all groups share one survival curve; `observed` and `expected` are events per group."""

    groups: tuple[object, ...]
    observed: FloatArray
    expected: FloatArray
    statistic: float
    degrees_of_freedom: int
    p_value: float
    n: int


def kaplan_meier(
    duration: ArrayLike, event: ArrayLike, *, level: float = 0.95, horizon: float | None = None
) -> SurvivalCurve:
    """Estimate the survival curve of right-censored durations.

    Parameters
    ----------
    duration
        Time from entry to event or to the end of observation, shape (n,), non-negative.
    event
        1 where the event was seen, 0 where the observation was cut off, shape (n,).
    horizon
        Upper limit of the restricted mean; default the longest duration.

    Raises
    ------
    JourneyError
        On empty, negative, non-finite or unequally long input, or a horizon beyond what was observed.

    Notes
    -----
    Censored observations count as at risk at their own time. Sources: Kaplan and Meier (1958); Greenwood
    (1926); Kalbfleisch and Prentice (2002), section 1.4, for the log-log interval. Where S(t) is 1 or 0 the
    log-log interval is not defined and both limits equal S(t).
    """
    times, flags = _checked(duration, event)
    n = len(times)
    longest = times.max()
    grid, died = np.unique(times[flags], return_counts=True)
    risk = n - np.searchsorted(np.sort(times), grid)
    curve = stats.ecdf(stats.CensoredData(uncensored=times[flags], right=times[~flags])).sf
    survival: FloatArray = curve.evaluate(grid)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(died / (risk * (risk - died)))
        error = np.where(survival > 0, survival * np.sqrt(greenwood), 0.0)
        scaled = np.sqrt(greenwood) / np.log(survival)
        z = normal_quantile(level)
        low = np.where(survival > 0, survival ** np.exp(-z * scaled), 0.0)
        high = np.where(survival > 0, survival ** np.exp(z * scaled), 0.0)
    left_after = np.r_[risk[1:], 0] if len(risk) else risk
    limit = float(longest if horizon is None else horizon)
    if limit > longest and (not survival.size or survival[-1] > 0):
        raise JourneyError(
            f"Horizon {limit:g} lies beyond the longest of {n} durations ({longest:g}), "
            "where the curve is unknown; choose a shorter horizon."
        )
    mean, mean_error = _restricted_mean(grid, survival, died, risk, limit) if len(grid) else (None, None)
    return SurvivalCurve(
        time=grid,
        at_risk=risk,
        events=died,
        censored=risk - died - left_after,
        survival=survival,
        standard_error=error,
        low=low,
        high=high,
        median=_first_at_or_below(grid, survival, 0.5),
        median_low=_first_at_or_below(grid, low, 0.5),
        median_high=_first_at_or_below(grid, high, 0.5),
        restricted_mean=mean,
        restricted_mean_error=mean_error,
        horizon=limit,
        n=n,
        n_events=int(flags.sum()),
        level=level,
    )


def survival_at(curve: SurvivalCurve, times: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """S(t) with its interval at the given times; 1 before the first event."""
    wanted = np.asarray(times, dtype=float)
    place = np.searchsorted(curve.time, wanted, side="right")

    def step(values: FloatArray) -> FloatArray:
        return np.r_[1.0, values][place]

    return step(curve.survival), step(curve.low), step(curve.high)


def logrank_test(duration: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRankTest:
    """Log-rank test of equal survival in two or more groups (Mantel 1966; Peto and Peto 1972).

    Parameters
    ----------
    duration, event
        As for `kaplan_meier`.
    group
        Group of each row, shape (n,).

    Raises
    ------
    JourneyError
        As `kaplan_meier`, when there is not one group per row, only one group, or no event.
    """
    times, flags = _checked(duration, event)
    labels, member = np.unique(np.asarray(group), return_inverse=True)
    if member.shape != times.shape:
        raise JourneyError(
            f"Groups have shape {member.shape} and durations {times.shape}; give one group per row."
        )
    if len(labels) < 2:
        raise JourneyError("The log-rank test needs at least two groups; the data hold one.")
    if not flags.any():
        raise JourneyError(
            f"None of the {len(times)} rows has an event; the log-rank test has nothing to compare."
        )
    grid, place = np.unique(times, return_inverse=True)
    k, g = len(grid), len(labels)
    cell = place * g + member
    left = np.bincount(cell, minlength=k * g).reshape(k, g).astype(float)
    died = np.bincount(cell, weights=flags, minlength=k * g).reshape(k, g)
    risk = left[::-1].cumsum(axis=0)[::-1]
    total_risk, total_died = risk.sum(axis=1), died.sum(axis=1)
    share = risk / total_risk[:, None]
    expected = (share * total_died[:, None]).sum(axis=0)
    observed = died.sum(axis=0)
    spread = total_died * (total_risk - total_died) / np.maximum(total_risk - 1, 1)
    covariance = np.diag((share * spread[:, None]).sum(axis=0)) - (share * spread[:, None]).T @ share
    gap = (observed - expected)[:-1]
    statistic = float(gap @ np.linalg.pinv(covariance[:-1, :-1]) @ gap)
    return LogRankTest(
        groups=tuple(labels.tolist()),
        observed=observed,
        expected=expected,
        statistic=statistic,
        degrees_of_freedom=g - 1,
        p_value=float(stats.chi2.sf(statistic, g - 1)),
        n=len(times),
    )


def _checked(duration: ArrayLike, event: ArrayLike) -> tuple[FloatArray, BoolArray]:
    times, flags = np.asarray(duration, dtype=float), checked_labels(event, "Event flags")
    if times.ndim != 1 or times.shape != flags.shape:
        raise JourneyError(
            f"Durations ({times.shape}) and events ({flags.shape}) must be one-dimensional and equally long."
        )
    if len(times) == 0:
        raise JourneyError("There are no durations (0 rows); widen the selection.")
    bad = int((~np.isfinite(times) | (times < 0)).sum())
    if bad:
        raise JourneyError(f"{bad} of {len(times)} durations are negative or missing; remove or repair them.")
    return times, flags


def _first_at_or_below(time: FloatArray, curve: FloatArray, target: float) -> float | None:
    # The tolerance keeps a curve that is exactly one half from being missed by rounding.
    reached = np.flatnonzero(curve <= target + 1e-12)
    return float(time[reached[0]]) if len(reached) else None


def _restricted_mean(
    time: FloatArray, survival: FloatArray, died: IntArray, risk: IntArray, horizon: float
) -> tuple[float, float]:
    inside = time < horizon
    edges = np.r_[0.0, time[inside], horizon]
    areas = np.diff(edges) * np.r_[1.0, survival[inside]]
    remaining = areas[::-1].cumsum()[::-1][1:]
    gap = (risk * (risk - died))[inside]
    share = np.divide(died[inside], gap, out=np.zeros(len(gap)), where=gap > 0)
    return float(areas.sum()), float(np.sqrt((remaining**2 * share).sum()))
