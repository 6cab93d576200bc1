"""Conversion rates: one rate (Wilson) and two rates (z test; Newcombe or Wald interval)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy import stats

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, Effect
from journey.experiments.inputs import (
    Alternative,
    EffectScale,
    FloatArray,
    Numeric,
    check_alpha,
    check_alternative,
    p_value,
    plain,
    refuse,
    symmetric_interval,
)
from journey.experiments.statistics import Proportion

IntervalMethod: TypeAlias = Literal["newcombe", "wald"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence limits; `n` units, level 1 - `alpha`."""

    estimate: Numeric
    lower: Numeric
    upper: Numeric
    n: Numeric
    alpha: float


def _wilson_limits(sample: Proportion, z: float) -> tuple[FloatArray, FloatArray]:
    n, rate = np.asarray(sample.n, dtype=np.float64), np.asarray(sample.rate)
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    # At 0 and n successes the formula gives the rate itself; rounding must not move it past the estimate.
    lower = np.where(rate == 0, 0.0, np.clip(centre - half, 0.0, rate))
    upper = np.where(rate == 1, 1.0, np.clip(centre + half, rate, 1.0))
    return lower, upper


def wilson(sample: Proportion, *, alpha: float = 0.05, alternative: Alternative = "two-sided") -> Interval:
    """Wilson score interval of one conversion rate, without continuity correction.

    Parameters
    ----------
    sample : Proportion
        At least one unit.
    alpha : float
        One minus the confidence level.
    alternative : str
        greater gives [lower, 1], less gives [0, upper].

    Returns
    -------
    Interval
        Defined for 0 and n successes too.

    Raises
    ------
    JourneyError
        When the sample is empty.

    Notes
    -----
    Wilson (1927), Probable inference.

    Examples
    --------
    >>> low = wilson(Proportion(n=263, successes=81))
    >>> print(f"{low.estimate:.4f} ({low.lower:.4f}, {low.upper:.4f})")
    0.3080 (0.2553, 0.3662)
    """
    check_alpha(alpha)
    check_alternative(alternative)
    z = float(stats.norm.isf(alpha / 2 if alternative == "two-sided" else alpha))
    # With alpha above one half a one-sided limit lies on the other side of the estimate, which is
    # meaningless.
    if z < 0:
        raise JourneyError(f"a one-sided interval needs alpha below 0.5; got {alpha}")
    lower, upper = _wilson_limits(sample, z)
    return Interval(
        estimate=sample.rate,
        lower=plain(np.zeros_like(lower) if alternative == "less" else lower),
        upper=plain(np.ones_like(upper) if alternative == "greater" else upper),
        n=sample.n,
        alpha=alpha,
    )


def newcombe(
    control: Proportion,
    treatment: Proportion,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Interval:
    """Interval of the difference of two rates (treatment minus control), Newcombe's hybrid score method.

    It combines the two Wilson intervals, so it stays within [-1, 1] and is defined with no success at all.

    Returns
    -------
    Interval
        One-sided intervals end at -1 or 1. `n` is the number of units of both arms.

    Notes
    -----
    Method 10 of Newcombe (1998), Interval estimation for the difference between independent proportions.

    Examples
    --------
    Newcombe's own example, 56 of 70 against 48 of 80:

    >>> gap = newcombe(Proportion(80, 48), Proportion(70, 56))
    >>> print(f"{gap.estimate:.4f} ({gap.lower:.4f}, {gap.upper:.4f})")
    0.2000 (0.0524, 0.3339)
    """
    check_alpha(alpha)
    check_alternative(alternative)
    z = float(stats.norm.isf(alpha / 2 if alternative == "two-sided" else alpha))
    if z < 0:
        raise JourneyError(f"a one-sided interval needs alpha below 0.5; got {alpha}")
    low_c, high_c = _wilson_limits(control, z)
    low_t, high_t = _wilson_limits(treatment, z)
    estimate = np.asarray(treatment.rate) - control.rate
    lower = estimate - np.hypot(treatment.rate - low_t, high_c - control.rate)
    upper = estimate + np.hypot(high_t - treatment.rate, control.rate - low_c)
    return Interval(
        estimate=plain(estimate),
        lower=plain(np.full_like(lower, -1.0) if alternative == "less" else lower),
        upper=plain(np.full_like(upper, 1.0) if alternative == "greater" else upper),
        n=plain(np.asarray(control.n) + treatment.n),
        alpha=alpha,
    )


def proportions(control: Proportion, treatment: Proportion) -> ArmEstimates:
    """Conversion rate of each arm with its unpooled binomial variance p (1 - p) / n and a normal reference.

    For the lift, equivalence and sequences of conversion rates. An arm with no success has variance 0; the
    functions that follow refuse it when both arms have none.
    """
    rates = np.asarray(control.rate), np.asarray(treatment.rate)
    return ArmEstimates(
        control=control.rate,
        treatment=treatment.rate,
        variance_control=plain(rates[0] * (1 - rates[0]) / control.n),
        variance_treatment=plain(rates[1] * (1 - rates[1]) / treatment.n),
        covariance=0.0,
        df=plain(np.full(np.broadcast(*rates).shape, np.inf)),
        n_control=control.n,
        n_treatment=treatment.n,
        source="two proportions, normal",
    )


def two_proportions(
    control: Proportion,
    treatment: Proportion,
    *,
    pooled: bool = True,
    interval: IntervalMethod = "newcombe",
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Effect:
    """Difference of two conversion rates with a z test.

    Parameters
    ----------
    control, treatment : Proportion
        Units and successes per arm.
    pooled : bool
        True: the test's standard error uses the common rate (the score test; two-sided, its square is the
        chi-square statistic without correction). False: each arm's own rate (Wald test).
    interval : str
        newcombe (default) or wald. The Wald interval excludes 0 exactly when the unpooled test rejects; the
        others can differ in borderline cases.
    alpha, alternative
        As in `difference`; one-sided Newcombe intervals end at -1 or 1.

    Returns
    -------
    Effect
        `standard_error` is the unpooled one of the estimate; `statistic` uses the one named by `pooled`.
        When both arms converted nobody, or everybody, the pooled test has nothing to weigh: statistic 0, p 1
        (0.5 one-sided), and the Newcombe interval still says how large a difference is possible.

    Raises
    ------
    JourneyError
        When an arm is empty, or when the unpooled standard error that was asked for is zero.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    if interval not in ("newcombe", "wald"):
        raise JourneyError(f"interval must be newcombe or wald; got {interval!r}")
    arms = proportions(control, treatment)
    estimate = np.asarray(arms.treatment) - arms.control
    error = np.sqrt(arms.variance_difference)
    if not pooled or interval == "wald":
        refuse(
            np.less_equal(error, 0),
            "each arm converted nobody or everybody, so the unpooled standard error is zero; "
            "use the pooled test with the Newcombe interval",
        )
    if pooled:
        n_control, n_treatment = (
            np.asarray(control.n, dtype=np.float64),
            np.asarray(treatment.n, dtype=np.float64),
        )
        common = (np.asarray(control.successes) + treatment.successes) / (n_control + n_treatment)
        test_error = np.sqrt(common * (1 - common) * (1 / n_control + 1 / n_treatment))
    else:
        test_error = error
    statistic = plain(np.where(test_error > 0, estimate / np.where(test_error > 0, test_error, 1.0), 0.0))
    if interval == "wald":
        lower, upper = symmetric_interval(plain(estimate), plain(error), np.inf, alpha, alternative)
    else:
        limits = newcombe(control, treatment, alpha=alpha, alternative=alternative)
        lower, upper = limits.lower, limits.upper
    return Effect(
        estimate=plain(estimate),
        standard_error=plain(error),
        statistic=statistic,
        p_value=p_value(statistic, np.inf, alternative),
        lower=lower,
        upper=upper,
        df=arms.df,
        alpha=alpha,
        alternative=alternative,
        null=0.0,
        scale=EffectScale.ABSOLUTE,
        method=f"z test, {'pooled' if pooled else 'unpooled'}; {interval.capitalize()} interval",
        control=arms.control,
        treatment=arms.treatment,
        n_control=arms.n_control,
        n_treatment=arms.n_treatment,
    )
