"""Relative lift: treatment over control, minus one; by the delta method or by Fieller's theorem."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, Effect, difference
from journey.experiments.inputs import (
    Alternative,
    EffectScale,
    Numeric,
    check_alpha,
    check_alternative,
    p_value,
    plain,
    refuse,
    symmetric_interval,
    t_quantile,
)

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


def _delta(arms: ArmEstimates, alpha: float, alternative: Alternative) -> Effect:
    variance = lift_variance(arms)
    refuse(
        np.less_equal(variance, 0),
        "the delta-method standard error of the lift is zero: nothing varies, or the treatment mean is zero "
        "(use method='fieller')",
    )
    estimate = plain(np.asarray(arms.treatment) / arms.control - 1)
    error = plain(np.sqrt(variance))
    statistic = plain(np.asarray(estimate) / error)
    lower, upper = symmetric_interval(estimate, error, arms.df, alpha, alternative)
    return Effect(
        estimate=estimate,
        standard_error=error,
        statistic=statistic,
        p_value=p_value(statistic, arms.df, alternative),
        lower=lower,
        upper=upper,
        df=arms.df,
        alpha=alpha,
        alternative=alternative,
        null=0.0,
        scale=EffectScale.RELATIVE,
        method=f"{arms.source}; lift by the delta method",
        control=arms.control,
        treatment=arms.treatment,
        n_control=arms.n_control,
        n_treatment=arms.n_treatment,
    )


def _fieller(arms: ArmEstimates, alpha: float, alternative: Alternative) -> Effect:
    absolute = difference(arms, alpha=alpha, alternative=alternative)
    quantile = np.square(t_quantile(alpha / 2 if alternative == "two-sided" else alpha, arms.df))
    # The set of ratios r with (T - r C)^2 <= q^2 Var(T - r C):  a r^2 - 2 b r + c <= 0.
    a = np.square(arms.control) - quantile * arms.variance_control
    b = np.asarray(arms.treatment) * arms.control - quantile * arms.covariance
    c = np.square(arms.treatment) - quantile * arms.variance_treatment
    bounded = np.greater(a, 0)
    safe = np.where(bounded, a, 1.0)
    root = np.sqrt(np.maximum(0.0, np.square(b) - a * c))
    lower = np.where(bounded, (b - root) / safe - 1, -np.inf)
    upper = np.where(bounded, (b + root) / safe - 1, np.inf)
    if alternative == "greater":
        upper = np.full_like(upper, np.inf)
    if alternative == "less":
        lower = np.full_like(lower, -np.inf)
    return Effect(
        estimate=plain(np.asarray(arms.treatment) / arms.control - 1),
        standard_error=plain(np.sqrt(lift_variance(arms))),
        statistic=absolute.statistic,
        p_value=absolute.p_value,
        lower=plain(lower),
        upper=plain(upper),
        df=arms.df,
        alpha=alpha,
        alternative=alternative,
        null=0.0,
        scale=EffectScale.RELATIVE,
        method=f"{arms.source}; lift by Fieller's theorem",
        control=arms.control,
        treatment=arms.treatment,
        n_control=arms.n_control,
        n_treatment=arms.n_treatment,
        bounded=bounded if bounded.ndim else bool(bounded),
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
        of the difference. Both use the Welch degrees of freedom of the difference.
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
        When the control mean is zero or negative, or neither arm varies.

    Notes
    -----
    Fieller (1954), Some problems in interval estimation. The delta form is the one of GrowthBook's engine:
    Var(T) / C^2 + Var(C) T^2 / C^4, t reference with the degrees of freedom of the difference.

    Examples
    --------
    >>> from journey.experiments import Sample, means
    >>> arms = means(Sample(3407, 1396.87, 52377.9767), Sample(3461, 2422.7, 134698.29))
    >>> lift = relative_lift(arms, method="delta")
    >>> print(f"{lift.estimate:.5f} ({lift.lower:.5f}, {lift.upper:.5f}), p {lift.p_value:.5f}")
    0.70732 (-0.03526, 1.44989), p 0.06191
    """
    check_alpha(alpha)
    check_alternative(alternative)
    _require_positive_baseline(arms)
    if method == "delta":
        return _delta(arms, alpha, alternative)
    if method == "fieller":
        return _fieller(arms, alpha, alternative)
    raise JourneyError(f"lift method must be delta or fieller; got {method!r}")
