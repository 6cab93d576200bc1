"""Relative lift: treatment over control, minus one; by the delta method or by Fieller's theorem."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, Effect
from journey.experiments.inputs import (
    Alternative,
    Numeric,
    check_alpha,
    check_alternative,
    plain,
    refuse,
    symmetric_interval,
    t_quantile,
)
from journey.experiments.score import with_sparse_cells

LiftMethod: TypeAlias = Literal["delta", "fieller"]


def _require_positive_baseline(arms: ArmEstimates) -> None:
    refuse(
        np.less_equal(arms.control, 0),
        "relative lift needs a control mean above zero; report the absolute difference instead",
    )


def lift_variance(arms: ArmEstimates) -> Numeric:
    """Delta-method variance of treatment / control - 1, with the covariance of the two estimates.

    With R = treatment / control:  (Var(T) - 2 R Cov(T, C) + R^2 Var(C)) / control^2.
    """
    _require_positive_baseline(arms)
    ratio = np.asarray(arms.treatment) / arms.control
    spread = arms.variance_treatment - 2 * ratio * arms.covariance + np.square(ratio) * arms.variance_control
    return plain(np.maximum(0.0, spread) / np.square(arms.control))


def _share_of(arms: ArmEstimates) -> str:
    return f" as a share of {arms.base}" if arms.base else ""


def _delta(arms: ArmEstimates, alpha: float, alternative: Alternative) -> Effect:
    error = np.sqrt(lift_variance(arms))
    estimate = np.asarray(arms.treatment) / arms.control - 1
    return Effect.of(
        arms,
        estimate=estimate,
        error=error,
        statistic=estimate / error,
        bounds=symmetric_interval(plain(estimate), plain(error), arms.df, alpha, alternative),
        alpha=alpha,
        alternative=alternative,
        method=f"{arms.source}; lift{_share_of(arms)} by the delta method",
        scale="relative",
    )


def _fieller(arms: ArmEstimates, alpha: float, alternative: Alternative) -> Effect:
    quantile = np.square(t_quantile(alpha / 2 if alternative == "two-sided" else alpha, arms.df))
    # The set of ratios r with (T - r C)^2 <= q^2 Var(T - r C):  a r^2 - 2 b r + c <= 0.
    a = np.square(arms.control) - quantile * arms.variance_control
    b = np.asarray(arms.treatment) * arms.control - quantile * arms.covariance
    c = np.square(arms.treatment) - quantile * arms.variance_treatment
    bounded = np.greater(a, 0)
    safe = np.where(bounded, a, 1.0)
    root = np.sqrt(np.maximum(0.0, np.square(b) - a * c))
    low = np.where(bounded, (b - root) / safe - 1, -np.inf)
    high = np.where(bounded, (b + root) / safe - 1, np.inf)
    return Effect.of(
        arms,
        estimate=np.asarray(arms.treatment) / arms.control - 1,
        error=np.sqrt(lift_variance(arms)),
        statistic=(np.asarray(arms.treatment) - arms.control) / np.sqrt(arms.variance_difference),
        bounds=(
            np.full_like(low, -np.inf) if alternative == "less" else low,
            np.full_like(high, np.inf) if alternative == "greater" else high,
        ),
        alpha=alpha,
        alternative=alternative,
        method=f"{arms.source}; lift{_share_of(arms)} by Fieller's theorem",
        scale="relative",
        bounded=bounded,
    )


def relative_lift(
    arms: ArmEstimates,
    *,
    method: LiftMethod = "fieller",
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Effect:
    """Relative lift, treatment / control - 1, with interval and test of no lift.

    Parameters
    ----------
    arms : ArmEstimates
        From any method of the engine; a covariance between the arms (CUPED, post-stratification) is used.
    method : str
        fieller inverts the exact linear test T - r C = 0: its p value is that of the difference, its interval
        excludes 0 exactly when that test rejects, and it is asymmetric as a ratio should be.
        delta is the symmetric first-order interval most engines show; its p value can disagree with the test
        of the difference. Both use the Welch degrees of freedom of the difference. Where a cell of two
        conversion rates is small, the score interval of their ratio takes the place of both.
    alpha, alternative
        As in `difference`.

    Returns
    -------
    Effect
        On the relative scale: 0.10 is +10%. With Fieller, `bounded` is False and the limits are infinite
        where the control mean is not significantly above zero, because then any lift is compatible with the
        data.

    Raises
    ------
    JourneyError
        When the control mean is zero or negative, or an arm does not vary.

    Notes
    -----
    Fieller (1954), Some problems in interval estimation. The delta form is the one of GrowthBook's engine:
    Var(T) / C^2 + Var(C) T^2 / C^4, t reference with the degrees of freedom of the difference.

    Examples
    --------
    >>> from journey.experiments import Sample, means
    >>> arms = means(Sample(3407, 1396.87, 52377.9767), Sample(3461, 2422.7, 134698.29))
    >>> lift = relative_lift(arms, method="delta")
    >>> print(f"{lift.estimate:.5f} ({lift.low:.5f}, {lift.high:.5f}), p {lift.p_value:.5f}")
    0.70732 (-0.03526, 1.44989), p 0.06191
    """
    check_alpha(alpha)
    check_alternative(alternative)
    _require_positive_baseline(arms)
    if method not in ("delta", "fieller"):
        raise JourneyError(f"lift method must be delta or fieller; got {method!r}")
    arms.check_variation("the lift cannot be tested")
    effect = (_delta if method == "delta" else _fieller)(arms, alpha, alternative)
    return effect if arms.conversions is None else with_sparse_cells(effect, arms.conversions)
