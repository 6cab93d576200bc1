"""Power of the t test of two means and of the z test of two proportions."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import stats

from journey.errors import JourneyError
from journey.experiments.effects import welch_degrees
from journey.experiments.inputs import (
    Alternative,
    Numeric,
    check_alpha,
    check_alternative,
    numeric,
    plain,
    refuse,
    whole,
)

ProportionMethod: TypeAlias = Literal["arcsine", "pooled", "unpooled"]


def _tail_power(distance: Any, alpha: float, alternative: Alternative, df: Any = np.inf) -> Any:
    """Power of a t or z test whose statistic is centred at `distance` standard errors."""
    tail = alpha / 2 if alternative == "two-sided" else alpha
    infinite = np.isinf(df) | (np.asarray(df) > 1e9)
    finite = np.where(infinite, 1.0, df)
    critical_z, critical_t = stats.norm.isf(tail), stats.t.isf(tail, finite)

    def beyond(centre: Any) -> Any:
        # Both directions as an upper tail: the lower tail of the noncentral t loses its digits beyond 5.
        return np.where(
            infinite, stats.norm.sf(critical_z - centre), stats.nct.sf(critical_t, finite, centre)
        )

    size = np.asarray(distance)
    if alternative == "two-sided":
        return np.clip(beyond(size) + beyond(-size), 0.0, 1.0)
    return np.clip(beyond(size if alternative == "greater" else -size), 0.0, 1.0)


def check_design(alpha: float, alternative: Alternative, ratio: float = 1.0) -> None:
    """Refuse an impossible design.

    Raises
    ------
    JourneyError
        For an error rate that is not strictly between 0 and 1, an unknown direction, and a ratio that is not
        finite and above 0.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    if not np.isfinite(ratio) or ratio <= 0:
        raise JourneyError(f"ratio (treatment units per control unit) must be above zero; got {ratio!r}")


def mean_power(
    effect: Any,
    variance: Any,
    n_control: Any,
    n_treatment: Any = None,
    *,
    variance_treatment: Any = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Numeric:
    """Power of the t test of two means (noncentral t distribution).

    Parameters
    ----------
    effect : float or array
        True difference, unit of the metric.
    variance : float or array
        Variance per unit in control; for a ratio metric use `linearised_variance`, for CUPED multiply by
        1 - rho^2.
    n_control, n_treatment : float or array
        Units per arm, at least 2; equal when only one is given.
    variance_treatment : float or array, optional
        Variance in treatment when it differs; the degrees of freedom are then Welch's.

    Returns
    -------
    float or array
        Probability of p < alpha. Two-sided power counts rejections in both directions.

    Raises
    ------
    JourneyError
        For a variance of zero or fewer than 2 units per arm.
    """
    check_design(alpha, alternative)
    spread_c = np.asarray(numeric("variance", variance))
    spread_t = spread_c if variance_treatment is None else np.asarray(numeric("variance", variance_treatment))
    refuse(
        (spread_c <= 0) | (spread_t <= 0), "planning needs a variance above zero; this metric does not vary"
    )
    first = np.asarray(whole("n_control", n_control), dtype=np.float64)
    second = first if n_treatment is None else np.asarray(whole("n_treatment", n_treatment), dtype=np.float64)
    refuse((first < 2) | (second < 2), "power needs at least 2 units per arm")
    error = np.sqrt(spread_c / first + spread_t / second)
    if variance_treatment is None:
        df: Any = first + second - 2
    else:
        df = welch_degrees(plain(spread_c / first), plain(spread_t / second), plain(first), plain(second))
    return plain(_tail_power(np.asarray(numeric("effect", effect)) / error, alpha, alternative, df))


def proportion_power(
    baseline: Any,
    effect: Any,
    n_control: Any,
    n_treatment: Any = None,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: ProportionMethod = "pooled",
) -> Numeric:
    """Power of the z test of two proportions.

    Parameters
    ----------
    baseline, effect : float or array
        Control rate and true absolute difference; both rates must lie strictly between 0 and 1.
    method : str
        pooled: the pooled z test, with its standard error under the null and under the alternative (Fleiss
        1981), as in G*Power; arcsine: Cohen's (1988) variance-stabilising approximation, as in statsmodels;
        unpooled: the Wald test.

    Returns
    -------
    float or array

    Raises
    ------
    JourneyError
        For an impossible `alpha`, `alternative` or `method`, a rate that is not strictly between 0 and 1, and
        an arm that is not one whole unit or more.
    """
    check_design(alpha, alternative)
    rate = np.asarray(numeric("baseline", baseline))
    gap = np.asarray(numeric("effect", effect))
    changed = rate + gap
    refuse((rate <= 0) | (rate >= 1), "the baseline rate must lie strictly between 0 and 1")
    refuse((changed <= 0) | (changed >= 1), "baseline plus effect must lie strictly between 0 and 1")
    first = np.asarray(whole("n_control", n_control), dtype=np.float64)
    second = first if n_treatment is None else np.asarray(whole("n_treatment", n_treatment), dtype=np.float64)
    refuse((first < 1) | (second < 1), "power needs at least 1 unit per arm")
    if method == "arcsine":
        size = 2 * (np.arcsin(np.sqrt(changed)) - np.arcsin(np.sqrt(rate)))
        return plain(_tail_power(size * np.sqrt(first * second / (first + second)), alpha, alternative))
    error = np.sqrt(rate * (1 - rate) / first + changed * (1 - changed) / second)
    if method == "unpooled":
        return plain(_tail_power(gap / error, alpha, alternative))
    if method != "pooled":
        raise JourneyError(f"proportion method must be arcsine, pooled or unpooled; got {method!r}")
    common = (first * rate + second * changed) / (first + second)
    null_error = np.sqrt(common * (1 - common) * (1 / first + 1 / second))
    critical = stats.norm.isf(alpha / 2 if alternative == "two-sided" else alpha) * null_error
    above, below = stats.norm.sf((critical - gap) / error), stats.norm.cdf((-critical - gap) / error)
    power = {"greater": above, "less": below, "two-sided": above + below}[alternative]
    return plain(np.minimum(power, 1.0))
