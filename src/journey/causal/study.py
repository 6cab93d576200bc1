"""Checked inputs of an observational study, and the estimate every method returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from journey.errors import JourneyError
from journey.inference.labels import checked_labels

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Estimand = Literal["ATE", "ATT", "ATC"]


@dataclass(frozen=True)
class CausalEffect:
    """Average effect of a binary treatment under one method.

    Attributes
    ----------
    estimand
        `ATE`: over everyone kept; `ATT`: over the treated kept; `ATC`: over the untreated kept.
    estimate, standard_error, low, high, p_value
        Difference of the two potential-outcome means in the unit of the outcome, its interval at `level`
        (Student t with clusters - 1 degrees of freedom) and the two-sided p-value of no effect.
    treated_mean, control_mean
        Estimated mean outcome with and without treatment over the estimand's population.
    risk_ratio, risk_ratio_low, risk_ratio_high
        Ratio of the two means with its interval on the log scale; None when the outcome
        can be negative or a mean is not positive.
    n, n_treated
        Rows used and treated rows among them.
    n_dropped
        Rows set aside by trimming or because no match lay within the caliper.
    n_clusters
        Independent units behind the interval; rows when no clusters were given.
    """

    method: str
    estimand: Estimand
    estimate: float
    standard_error: float
    low: float
    high: float
    p_value: float
    treated_mean: float
    control_mean: float
    risk_ratio: float | None
    risk_ratio_low: float | None
    risk_ratio_high: float | None
    n: int
    n_treated: int
    n_dropped: int
    n_clusters: int
    level: float


@dataclass(frozen=True)
class Study:
    """Arrays of one study, checked and of equal length; `clusters` are codes 0 .. n_clusters - 1."""

    outcome: FloatArray
    treated: BoolArray
    covariates: FloatArray
    clusters: IntArray
    n_clusters: int

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.outcome)


def checked_study(
    outcome: ArrayLike,
    treatment: ArrayLike,
    covariates: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> Study:
    """Check and convert the arrays of a study.

    Parameters
    ----------
    outcome
        Outcome of each row, shape (n,), finite.
    treatment
        1 treated, 0 not, shape (n,); both must occur at least twice.
    covariates
        Numbers known before treatment, shape (n, p), finite; None for no covariates (p = 0).
    clusters
        Unit that rows belong to (user), shape (n,); default each row its own.

    Raises
    ------
    JourneyError
        When shapes differ, values are missing, or an arm is empty.
    """
    values = _finite("Outcome", outcome, 1)
    treated = checked_treatment(treatment, len(values))
    table = np.empty((len(values), 0)) if covariates is None else _finite("Covariates", covariates, 2)
    if len(table) != len(values):
        raise JourneyError(
            f"Covariates have {len(table)} rows and the outcome {len(values)}; they must match."
        )
    codes, count = cluster_codes(clusters, len(values))
    return Study(values, treated, table, codes, count)


def checked_treatment(treatment: ArrayLike, n: int) -> BoolArray:
    """Check a 0/1 treatment of length n with at least two rows in each arm.

    Raises
    ------
    JourneyError
        When it is not n values of 0 or 1, or an arm has fewer than two rows.
    """
    treated = checked_labels(treatment, "Treatment")
    if treated.shape != (n,):
        raise JourneyError(f"Treatment must be {n} values of 0 or 1, one per row; got shape {treated.shape}.")
    count = int(treated.sum())
    if min(count, n - count) < 2:
        raise JourneyError(f"{count} of {n} rows are treated; each arm needs at least two rows.")
    return treated


def over_untreated(
    estimand: Estimand, treatment: ArrayLike, swapped: Callable[[BoolArray], CausalEffect]
) -> CausalEffect | None:
    """Effect over the untreated: minus that over the treated of the study with its arms swapped.

    Parameters
    ----------
    swapped
        Effect over the treated for a treatment, shape (n,).

    Returns
    -------
    None for another estimand.

    Raises
    ------
    JourneyError
        For an unknown estimand.
    """
    if not is_over_untreated(estimand):
        return None
    effect = swapped(~checked_treatment(treatment, len(np.asarray(treatment))))
    inverse = [None if each is None else 1 / each for each in (effect.risk_ratio_low, effect.risk_ratio_high)]
    return replace(
        effect,
        estimand="ATC",
        estimate=-effect.estimate,
        low=-effect.high,
        high=-effect.low,
        treated_mean=effect.control_mean,
        control_mean=effect.treated_mean,
        risk_ratio=None if effect.risk_ratio is None else 1 / effect.risk_ratio,
        risk_ratio_low=inverse[1],
        risk_ratio_high=inverse[0],
        n_treated=effect.n - effect.n_treated,
    )


def is_over_untreated(estimand: Estimand) -> bool:
    """Whether the estimand is the ATC.

    Raises
    ------
    JourneyError
        For an estimand other than ATE, ATT and ATC.
    """
    if estimand not in get_args(Estimand):
        raise JourneyError(f"Unknown estimand '{estimand}'; choose one of {', '.join(get_args(Estimand))}.")
    return estimand == "ATC"


def cluster_codes(clusters: ArrayLike | None, n: int) -> tuple[IntArray, int]:
    """Number clusters 0 .. g - 1; each row its own cluster when None.

    Raises
    ------
    JourneyError
        When there is not one cluster per row, or all rows are in one.
    """
    if clusters is None:
        return np.arange(n), n
    distinct, codes = np.unique(np.asarray(clusters), return_inverse=True)
    if codes.shape != (n,):
        raise JourneyError(f"Clusters have shape {codes.shape}; one per row is needed ({n}).")
    if len(distinct) < 2:
        raise JourneyError("All rows belong to one cluster; an interval needs at least two.")
    return codes.astype(np.int64), len(distinct)


def clustered_error(influence: FloatArray, clusters: IntArray, n_clusters: int) -> float:
    """Standard error of a mean of influence values, summed within clusters first."""
    n = len(influence)
    totals = np.bincount(clusters, weights=influence, minlength=n_clusters)
    return float(np.sqrt((totals**2).sum() * n_clusters / (n_clusters - 1)) / n)


def effect_from_influence(
    method: str,
    estimand: Estimand,
    study: Study,
    means: tuple[float, float],
    influences: tuple[FloatArray, FloatArray],
    *,
    kept: BoolArray | None = None,
    n_dropped: int | None = None,
    level: float = 0.95,
) -> CausalEffect:
    """Turn two means and their influence functions into an estimate with intervals.

    Parameters
    ----------
    means
        Mean outcome treated and untreated.
    influences
        Influence of each of the study's n rows on each mean, scaled so that mean - truth is about the average
        over the n rows; 0 for rows that were dropped.
    kept
        Rows used; default all.
    n_dropped
        Rows set aside; default those not kept.

    Raises
    ------
    JourneyError
        When `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise JourneyError(f"Confidence level {level} must lie between 0 and 1.")
    used = np.ones(study.n, dtype=bool) if kept is None else kept
    clusters_used = len(np.unique(study.clusters[used]))
    treated_mean, control_mean = means
    error = clustered_error(influences[0] - influences[1], study.clusters, study.n_clusters)
    estimate = treated_mean - control_mean
    quantile = float(stats.t.ppf(0.5 + level / 2, clusters_used - 1))
    ratio = ratio_low = ratio_high = None
    if min(treated_mean, control_mean) > 0 and study.outcome.min() >= 0:
        relative = influences[0] / treated_mean - influences[1] / control_mean
        spread = quantile * clustered_error(relative, study.clusters, study.n_clusters)
        ratio = treated_mean / control_mean
        ratio_low, ratio_high = float(ratio * np.exp(-spread)), float(ratio * np.exp(spread))
    p_value = float(2 * stats.t.sf(abs(estimate) / error, clusters_used - 1)) if error > 0 else float("nan")
    return CausalEffect(
        method=method,
        estimand=estimand,
        estimate=estimate,
        standard_error=error,
        low=estimate - quantile * error,
        high=estimate + quantile * error,
        p_value=p_value,
        treated_mean=treated_mean,
        control_mean=control_mean,
        risk_ratio=ratio,
        risk_ratio_low=ratio_low,
        risk_ratio_high=ratio_high,
        n=int(used.sum()),
        n_treated=int((used & study.treated).sum()),
        n_dropped=int((~used).sum()) if n_dropped is None else n_dropped,
        n_clusters=clusters_used,
        level=level,
    )


def _finite(name: str, values: ArrayLike, dimensions: int) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if array.ndim != dimensions:
        raise JourneyError(f"{name} must have {dimensions} dimension(s); got shape {array.shape}.")
    if len(array) == 0:
        raise JourneyError(f"{name} has 0 rows; widen the selection.")
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise JourneyError(
            f"{name} has {bad} missing or infinite values in {len(array)} rows; fill or drop them."
        )
    return array
