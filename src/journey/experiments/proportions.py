"""Conversion rates: one rate (Wilson) and two rates (z test; Newcombe or Wald interval)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, Effect
from journey.experiments.inputs import (
    Alternative,
    FloatArray,
    Numeric,
    check_alpha,
    check_alternative,
    plain,
    refuse,
    symmetric_interval,
)
from journey.experiments.score import Conversions
from journey.experiments.statistics import Proportion
from journey.inference.intervals import wilson_interval

IntervalMethod: TypeAlias = Literal["newcombe", "wald"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence limits; `n` units, level 1 - `alpha`."""

    estimate: Numeric
    low: Numeric
    high: Numeric
    n: Numeric
    alpha: float


def _wilson_limits(
    sample: Proportion, alpha: float, alternative: Alternative
) -> tuple[FloatArray, FloatArray]:
    check_alpha(alpha)
    check_alternative(alternative)
    # With alpha above one half a one-sided limit lies on the other side of the estimate, which is
    # meaningless.
    if alternative != "two-sided" and alpha >= 0.5:
        raise JourneyError(f"a one-sided interval needs alpha below 0.5; got {alpha}")
    refuse(np.less(sample.n, 1), "an arm has no units (n = 0), so it has no rate; check the assignment")
    return wilson_interval(
        sample.successes, sample.n, 1 - (alpha if alternative == "two-sided" else 2 * alpha)
    )


def wilson(sample: Proportion, *, alpha: float = 0.05, alternative: Alternative = "two-sided") -> Interval:
    """Wilson score interval of one conversion rate, without continuity correction.

    Parameters
    ----------
    sample : Proportion
        At least one unit.
    alpha : float
        One minus the confidence level.
    alternative : str
        greater gives [low, 1], less gives [0, high].

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
    >>> print(f"{low.estimate:.4f} ({low.low:.4f}, {low.high:.4f})")
    0.3080 (0.2553, 0.3662)
    """
    low, high = _wilson_limits(sample, alpha, alternative)
    return Interval(
        estimate=sample.rate,
        low=plain(np.zeros_like(low) if alternative == "less" else low),
        high=plain(np.ones_like(high) if alternative == "greater" else high),
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
    >>> print(f"{gap.estimate:.4f} ({gap.low:.4f}, {gap.high:.4f})")
    0.2000 (0.0524, 0.3339)
    """
    low_c, high_c = _wilson_limits(control, alpha, alternative)
    low_t, high_t = _wilson_limits(treatment, alpha, alternative)
    estimate = np.asarray(treatment.rate) - control.rate
    low = estimate - np.hypot(treatment.rate - low_t, high_c - control.rate)
    high = estimate + np.hypot(high_t - treatment.rate, control.rate - low_c)
    return Interval(
        estimate=plain(estimate),
        low=plain(np.full_like(low, -1.0) if alternative == "less" else low),
        high=plain(np.full_like(high, 1.0) if alternative == "greater" else high),
        n=plain(np.asarray(control.n) + treatment.n),
        alpha=alpha,
    )


def proportions(control: Proportion, treatment: Proportion) -> ArmEstimates:
    """Conversion rate of each arm with its binomial variance and a normal reference.

    For the lift, equivalence and sequences of conversion rates. The variance is p (1 - p) / n. Where a cell
    (converted or not, in either arm) holds fewer than 10 units, it is that of the rate with one conversion
    and one other unit added to each arm, because an arm in which nobody converted is not known exactly;
    `difference`, `relative_lift` and `equivalence` then use score intervals and exact tests.

    Notes
    -----
    Agresti and Caffo (2000), Simple and effective confidence intervals for proportions and differences of
    proportions.
    """
    counts = Conversions(
        *(
            np.asarray(part, dtype=np.float64)
            for part in (control.n, control.successes, treatment.n, treatment.successes)
        )
    )
    rates = control.rate, treatment.rate
    sparse = counts.sparse
    more = np.where(sparse, 1.0, 0.0)

    def variance(units: Any, converted: Any) -> Numeric:
        share = (converted + more) / (units + 2 * more)
        return plain(share * (1 - share) / (units + 2 * more))

    return ArmEstimates(
        control=rates[0],
        treatment=rates[1],
        variance_control=variance(counts.n_control, counts.control),
        variance_treatment=variance(counts.n_treatment, counts.treatment),
        covariance=0.0,
        df=plain(np.full(np.shape(sparse), np.inf)),
        n_control=control.n,
        n_treatment=treatment.n,
        source="two proportions, normal",
        conversions=counts,
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
        `standard_error` is that of `proportions`; `statistic` uses the one named by `pooled`.
        When both arms converted nobody, or everybody, the pooled test has nothing to weigh: statistic 0, p 1
        (0.5 one-sided), and the Newcombe interval still says how large a difference is possible.

    Raises
    ------
    JourneyError
        When an arm is empty, or when an unpooled standard error that was asked for is zero.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    if interval not in ("newcombe", "wald"):
        raise JourneyError(f"interval must be newcombe or wald; got {interval!r}")
    arms = proportions(control, treatment)
    estimate = np.asarray(arms.treatment) - arms.control
    units = [np.asarray(arm.n, dtype=np.float64) for arm in (control, treatment)]
    if pooled:
        common = (np.asarray(control.successes) + treatment.successes) / (units[0] + units[1])
        test_variance = common * (1 - common) * (1 / units[0] + 1 / units[1])
    if not pooled or interval == "wald":
        own = [
            np.asarray(arm.rate) * (1 - np.asarray(arm.rate)) / n
            for arm, n in zip((control, treatment), units, strict=True)
        ]
        refuse(
            np.less_equal(own[0], 0) | np.less_equal(own[1], 0),
            "an arm converted nobody or everybody, so its unpooled standard error is zero; "
            "use the pooled test with the Newcombe interval, or `difference(proportions(...))`",
        )
        unpooled = own[0] + own[1]
        if not pooled:
            test_variance = unpooled
    bounds: tuple[Any, Any]
    if interval == "wald":
        error = plain(np.sqrt(unpooled))
        bounds = symmetric_interval(plain(estimate), error, np.inf, alpha, alternative)
    else:
        limits = newcombe(control, treatment, alpha=alpha, alternative=alternative)
        bounds = limits.low, limits.high
    possible = test_variance > 0
    return Effect.of(
        arms,
        estimate=estimate,
        error=np.sqrt(arms.variance_difference),
        statistic=np.where(possible, estimate / np.sqrt(np.where(possible, test_variance, 1.0)), 0.0),
        bounds=bounds,
        alpha=alpha,
        alternative=alternative,
        method=f"z test, {'pooled' if pooled else 'unpooled'}; {interval.capitalize()} interval",
    )
