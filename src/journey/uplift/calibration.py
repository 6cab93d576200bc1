"""Is predicted uplift as large as observed uplift? By bins and by one regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from journey.causal.study import FloatArray, IntArray, cluster_codes
from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.uplift.ranking import rank_people


@dataclass(frozen=True)
class UpliftBins:
    """Predicted and observed uplift in bins of equal size, highest prediction first.

    Attributes
    ----------
    n_treated, n_control
        People per arm in each bin, shape (bins,).
    treated_rate, control_rate
        Mean outcome per arm.
    predicted, observed, low, high
        Mean predicted effect, and the observed difference with its Welch interval; NaN for an arm with fewer
        than two people.
    calibration_error
        Mean absolute gap between predicted and observed, weighted by bin size.
    rank_correlation
        Spearman correlation of predicted and observed over the bins.
    """

    n_treated: IntArray
    n_control: IntArray
    treated_rate: FloatArray
    control_rate: FloatArray
    predicted: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    calibration_error: float
    rank_correlation: float
    level: float


@dataclass(frozen=True)
class HeterogeneityTest:
    """Best linear predictor of the effect given the prediction.

    `average` is the average effect. `slope` is 1 for a calibrated prediction, below 1 for one that
    exaggerates differences, and 0 when the prediction finds none; `p_value` tests slope = 0. Source:
    Chernozhukov, Demirer, Duflo and Fernandez-Val (2018), "Generic machine learning inference".
    """

    average: Estimate
    slope: Estimate
    p_value: float
    n: int


def uplift_by_bin(
    outcome: ArrayLike, treatment: ArrayLike, effect: ArrayLike, *, bins: int = 10, level: float = 0.95
) -> UpliftBins:
    """Compare predicted and observed uplift by quantile of the prediction (deciles by default).

    Parameters
    ----------
    effect
        Out-of-fold predicted uplift, shape (n,). People are split by rank; equal predictions may be split.

    Raises
    ------
    JourneyError
        As `rank_people`, and for fewer bins than 1 or more than a quarter of the people.
    """
    ranking = rank_people(outcome, treatment, effect)
    n = len(ranking.order)
    if not 1 <= bins <= n // 4:
        raise JourneyError(f"{bins} bins are too many for {n} people; use at most {n // 4}.")
    place = np.arange(n) * bins // n
    predicted = np.asarray(effect, dtype=float)[ranking.order]
    size = np.bincount(place, minlength=bins)
    means, variances, counts = [], [], []
    for arm in (1.0, 0.0):
        rows = ranking.treated == arm
        count = np.bincount(place[rows], minlength=bins)
        total = np.bincount(place[rows], weights=ranking.outcome[rows], minlength=bins)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count
            gap = ranking.outcome[rows] - mean[place[rows]]
            spread = np.bincount(place[rows], weights=gap**2, minlength=bins) / (count - 1) / count
        means.append(mean)
        variances.append(np.where(count > 1, spread, np.nan))
        counts.append(count)
    observed = means[0] - means[1]
    error = np.sqrt(variances[0] + variances[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = sum(v**2 / (c - 1) for v, c in zip(variances, counts, strict=True))
        degrees = np.where(error > 0, error**4 / parts, np.inf)
    half = stats.t.ppf(0.5 + level / 2, degrees) * error
    mean_predicted = np.bincount(place, weights=predicted, minlength=bins) / size
    known = np.isfinite(observed)
    return UpliftBins(
        n_treated=counts[0],
        n_control=counts[1],
        treated_rate=means[0],
        control_rate=means[1],
        predicted=mean_predicted,
        observed=observed,
        low=observed - half,
        high=observed + half,
        calibration_error=float(np.average(np.abs(mean_predicted - observed)[known], weights=size[known])),
        rank_correlation=_spearman(mean_predicted[known], observed[known]),
        level=level,
    )


def heterogeneity_test(
    outcome: ArrayLike,
    treatment: ArrayLike,
    effect: ArrayLike,
    *,
    baseline: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> HeterogeneityTest:
    """Regress the outcome on treatment and on treatment times the centred prediction.

    Parameters
    ----------
    effect
        Out-of-fold predicted uplift, shape (n,), not constant.
    baseline
        Out-of-fold predicted outcome without treatment, a control that narrows the interval.
    clusters
        Unit of each row, for clustered standard errors.

    Raises
    ------
    JourneyError
        As `rank_people` and `cluster_codes`, and when all predicted effects are equal.
    """
    ranking = rank_people(outcome, treatment, effect)
    y, t = np.asarray(outcome, dtype=float), np.asarray(treatment, dtype=float)
    score = np.asarray(effect, dtype=float)
    if score.std() == 0:
        raise JourneyError(
            f"All {len(score)} predicted effects are equal; there is no heterogeneity to test."
        )
    centred = score - score.mean()
    assigned = t - t.mean()
    controls = [np.ones(len(y)), score / score.std()]
    if baseline is not None:
        controls.append(np.asarray(baseline, dtype=float))
    design = np.column_stack([assigned, assigned * centred / score.std(), *controls])
    inverse = np.linalg.pinv(design.T @ design, hermitian=True)
    coefficients = inverse @ (design.T @ y)
    influence = design * (y - design @ coefficients)[:, None]
    codes, n_units = cluster_codes(clusters, len(y))
    summed = np.stack([np.bincount(codes, weights=column, minlength=n_units) for column in influence.T])
    covariance = inverse @ (summed @ summed.T) @ inverse * n_units / (n_units - 1)
    scale = np.array([1.0, score.std()])
    values, errors = coefficients[:2] / scale, np.sqrt(np.diag(covariance)[:2]) / scale
    half = stats.t.ppf(0.5 + level / 2, n_units - 1) * errors
    average, slope = (
        Estimate(float(v), float(v - h), float(v + h), level) for v, h in zip(values, half, strict=True)
    )
    return HeterogeneityTest(
        average=average,
        slope=slope,
        p_value=float(2 * stats.t.sf(abs(values[1] / errors[1]), n_units - 1)),
        n=len(ranking.order),
    )


def _spearman(x: FloatArray, y: FloatArray) -> float:
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(stats.spearmanr(x, y).statistic)
