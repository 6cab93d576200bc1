"""How good predicted probabilities are: ranking, calibration and error, with intervals from a bootstrap.

The Brier score is written here because a bootstrap weighs the rows anew in every draw: scikit-learn's takes
one set of weights a call and checks the rows each time, here one matrix product serves a block of draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_interval, wilson_interval
from journey.inference.labels import checked_labels
from journey.inference.resampling import resample_counts
from journey.models.ranked import rank_outcomes

Vector = NDArray[np.float64]
Metrics = Callable[[Vector], dict[str, Vector]]

BINS = 10
LEVELS = (0.01, 0.05, 0.10)
METHOD = "percentile bootstrap around the value"
BLOCK = 4_000_000  # numbers of a block of weights, so that memory stays bounded


@dataclass(frozen=True)
class Scores:
    """Quality of predicted probabilities on `n` rows, `positives` of them positive, of `groups` users.

    Attributes
    ----------
    roc_auc, pr_auc
        Area under the ROC curve and average precision.
    precision_1, precision_5, precision_10
        Share of positives among the 1, 5, 10% of rows with the highest scores.
    lift_1, lift_5, lift_10
        The same over the share of positives in all rows.
    brier, log_loss
        Mean squared error, and mean negative log-likelihood (nats).
    calibration_error
        Mean absolute gap of predicted and observed share over ten bins of equal mass. It has no interval: it
        is never below zero and chance alone makes it large, so resampling would put the interval above the
        truth of a perfect model. `check_calibration` tells what chance makes of it.
    """

    n: int
    positives: int
    groups: int
    roc_auc: Estimate
    pr_auc: Estimate
    precision_1: Estimate
    precision_5: Estimate
    precision_10: Estimate
    lift_1: Estimate
    lift_5: Estimate
    lift_10: Estimate
    brier: Estimate
    log_loss: Estimate
    calibration_error: float


@dataclass(frozen=True)
class CalibrationCheck:
    """The mean calibration gap beside those that perfect probabilities show by chance on as many rows.

    Attributes
    ----------
    gap
        Calibration error.
    chance
        Mean of the gaps by chance, and the range of most of them: of 95% at a level of 0.95.
    p_value
        (1 + number of draws with a gap at least as large) / (1 + number of draws).
    """

    gap: float
    chance: Estimate
    p_value: float


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed shares in bins of equal mass, with Wilson intervals of the observed.

    `predicted`, `observed`, `low`, `high` and `n` have one entry a bin, from the lowest scores up.
    """

    predicted: Vector
    observed: Vector
    low: Vector
    high: Vector
    n: NDArray[np.int64]


def average_precision(outcome: ArrayLike, score: ArrayLike) -> float:
    """Area under the precision-recall curve as a sum over thresholds; ties form one threshold.

    Raises
    ------
    JourneyError
        For lengths that differ, no rows, a score that is not finite, or only one class.

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    ranked = rank_outcomes(outcome, score)
    return float(ranked.profile(ranked.ones())["pr_auc"][0])


def log_loss(outcome: ArrayLike, probability: ArrayLike) -> float:
    """Mean negative log-likelihood in nats; probabilities are kept 1e-15 away from 0 and 1."""
    y, p = checked(outcome, probability)
    return float(losses(y, p).mean())


def calibration_error(outcome: ArrayLike, probability: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass; tied probabilities stay in one bin.

    Notes
    -----
    Naeini, Cooper & Hauskrecht (2015), with quantile bins as in Nguyen & O'Connor (2015). It is biased
    upwards: see `check_calibration`.
    """
    y, p = checked(outcome, probability)
    return float(np.abs(np.bincount(equal_mass_bins(p, bins), weights=p - y)).sum() / len(y))


def check_calibration(
    outcome: ArrayLike,
    probability: ArrayLike,
    *,
    draws: int = 1000,
    seed: int = 0,
    bins: int = BINS,
    level: float = 0.95,
) -> CalibrationCheck:
    """Hold the calibration error against its distribution for probabilities that are right.

    Parameters
    ----------
    outcome, probability
        (n,) outcomes, and numbers from 0 to 1.
    draws
        Outcomes drawn from the probabilities.

    Raises
    ------
    JourneyError
        For lengths that differ, no rows, or a probability outside [0, 1].

    Notes
    -----
    A parametric bootstrap, as the consistency bars of Broecker & Smith (2007). Draws are independent given
    the probabilities, as outcomes are when each probability knows the user's past.
    """
    y, p = checked(outcome, probability)
    _refuse_beyond(p)
    place = equal_mass_bins(p, bins)
    rng = np.random.default_rng(seed)

    def gap(happened: Vector) -> float:
        return float(np.abs(np.bincount(place, weights=p - happened)).sum() / len(p))

    found = gap(y)
    drawn = np.array([gap((rng.random(len(p)) < p).astype(np.float64)) for _ in range(draws)])
    low, high = percentile_interval(drawn, level)
    chance = Estimate(float(drawn.mean()), float(low), float(high), level)
    return CalibrationCheck(found, chance, float((1 + (drawn >= found - 1e-12).sum()) / (1 + draws)))


def reliability(outcome: ArrayLike, probability: ArrayLike, bins: int = BINS) -> Reliability:
    """Predicted and observed share by bin of equal mass."""
    y, p = checked(outcome, probability)
    place = equal_mass_bins(p, bins)
    n = np.bincount(place)
    predicted, positives = (np.bincount(place, weights=values) for values in (p, y))
    low, high = wilson_interval(positives, n)
    return Reliability(predicted / n, positives / n, low, high, n)


def equal_mass_bins(probability: Vector, bins: int) -> NDArray[np.int64]:
    """Bin of each row, numbered from 0 without gaps; equal probabilities share a bin."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="right")
    return np.unique(place, return_inverse=True)[1]


def measure(
    outcome: ArrayLike,
    probability: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    replicates: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Scores:
    """Every quality of predicted probabilities, with intervals but for the calibration error.

    Parameters
    ----------
    outcome
        (n,) booleans or 0/1.
    probability
        (n,) numbers from 0 to 1.
    groups
        (n,) user of each row: users are drawn, not rows, because rows of one user resemble each other.
        Each row is its own user when omitted.

    Returns
    -------
    Scores

    Raises
    ------
    JourneyError
        For lengths that differ, no rows, only one class, or a probability outside [0, 1].
    """
    y, p = checked(outcome, probability)
    _refuse_beyond(p)
    ranked = rank_outcomes(y, p)
    squares, loss = (p - y) ** 2, losses(y, p)

    def metrics(weights: Vector) -> dict[str, Vector]:
        total = weights.sum(axis=1)
        return ranked.profile(weights, LEVELS) | {
            "brier": weights @ squares / total,
            "log_loss": weights @ loss / total,
        }

    found, n_groups = bootstrap(metrics, groups, len(y), replicates=replicates, seed=seed, level=level)
    return Scores(
        n=len(y), positives=int(y.sum()), groups=n_groups, calibration_error=calibration_error(y, p), **found
    )


def compare(
    outcome: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    replicates: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Differences first minus second of `roc_auc` and `pr_auc` on the same rows, from the same draws."""
    one, two = rank_outcomes(outcome, first), rank_outcomes(outcome, second)

    def metrics(weights: Vector) -> dict[str, Vector]:
        left, right = one.profile(weights), two.profile(weights)
        return {name: left[name] - right[name] for name in left}

    return bootstrap(metrics, groups, len(one.order), replicates=replicates, seed=seed, level=level)[0]


def compare_moments(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    replicates: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Differences first minus second of `roc_auc` and `pr_auc` of scores on other rows of the same users.

    Parameters
    ----------
    first, second
        Outcome, score and user of each row, (n,) and (m,). Users are drawn, with all their rows of both.
    """
    one, two = (rank_outcomes(outcome, score) for outcome, score, _ in (first, second))
    cut, users = len(one.order), np.concatenate([np.asarray(part[2]) for part in (first, second)])

    def metrics(weights: Vector) -> dict[str, Vector]:
        left, right = one.profile(weights[:, :cut]), two.profile(weights[:, cut:])
        return {name: left[name] - right[name] for name in left}

    return bootstrap(metrics, users, len(users), replicates=replicates, seed=seed, level=level)[0]


def bootstrap(
    metrics: Metrics,
    groups: ArrayLike | None,
    n: int,
    *,
    replicates: int,
    seed: int,
    level: float = 0.95,
) -> tuple[dict[str, Estimate], int]:
    """Value and interval of functions of row weights, drawing groups of rows with replacement.

    Parameters
    ----------
    metrics
        From (r, n) weights to (r,) values by name; weights of one give the observed value.
    groups
        (n,) group of each row, or None for each row its own.

    Returns
    -------
    dict of Estimate, int
        The estimates, and the number of groups.

    Notes
    -----
    Percentiles are taken around the observed value instead of the mean of the draws. A draw on which a metric
    is undefined (no positive) is left out.
    """
    members = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    n_groups = int(members.max()) + 1
    blocks: list[dict[str, Vector]] = []
    cells = max(1, BLOCK // n) * n_groups
    for counts in resample_counts(n_groups, replicates, seed, scheme="poisson", cells=cells):
        with np.errstate(divide="ignore", invalid="ignore"):
            blocks.append(metrics(counts[:, members]))
    estimates = {}
    for name, observed in metrics(np.ones((1, n))).items():
        value, drawn = float(observed[0]), np.concatenate([block[name] for block in blocks])
        drawn = drawn[np.isfinite(drawn)]
        low, high = (bound + value - drawn.mean() for bound in percentile_interval(drawn, level))
        if drawn.min() >= 0:  # a quality that is never negative keeps a bound that is not
            low = max(low, 0.0)
        low, high = float(min(low, value)), float(max(high, value))
        estimates[name] = Estimate(value, low, high, level, n_groups, METHOD)
    return estimates, n_groups


def checked(outcome: ArrayLike, probability: ArrayLike) -> tuple[Vector, Vector]:
    """Outcome and probability as finite vectors of one length, at least one row.

    Raises
    ------
    JourneyError
        As `checked_labels`, when the two are not vectors of one length or have no rows, and when a score is
        not finite.
    """
    y, p = checked_labels(outcome), np.asarray(probability, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1:
        raise JourneyError(f"outcome and score must be vectors of one length, got {y.shape} and {p.shape}")
    if len(y) == 0:
        raise JourneyError("there are no rows to measure: the slice is empty")
    if not np.isfinite(p).all():
        raise JourneyError(f"{int((~np.isfinite(p)).sum())} of {len(p)} scores are not finite")
    return y.astype(np.float64), p


def losses(y: Vector, p: Vector) -> Vector:
    """Negative log-likelihood of each row."""
    kept = np.clip(p, 1e-15, 1 - 1e-15)
    return -(y * np.log(kept) + (1 - y) * np.log1p(-kept))


def _refuse_beyond(p: Vector) -> None:
    if p.min() < 0 or p.max() > 1:
        raise JourneyError(
            f"probabilities run from {p.min():g} to {p.max():g}; give numbers from 0 to 1 or calibrate them"
        )
