"""How many units an experiment needs, and what it can detect with those it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from journey.errors import JourneyError
from journey.experiments.inputs import Alternative, check_share, numeric, refuse
from journey.experiments.power import ProportionMethod, check_design, mean_power, proportion_power

# More units than people on Earth, a thousand times over: no experiment has them.
LARGEST_ARM = 10**13


@dataclass(frozen=True)
class Plan:
    """Sample size of an experiment.

    Attributes
    ----------
    n_control, n_treatment, total : int
        Units per arm, rounded up, and together.
    effect : float
        Absolute difference the plan can detect, unit of the metric.
    power : float
        Power reached with these whole numbers; at least what was asked for.
    alpha, alternative
        Test the plan is for.
    ratio : float
        Treatment units per control unit.
    baseline : float or None
        Control rate, for proportions.
    method : str
        Approximation used.
    """

    n_control: int
    n_treatment: int
    total: int
    effect: float
    power: float
    alpha: float
    alternative: Alternative
    ratio: float
    baseline: float | None
    method: str


def _smallest(reached: Callable[[int], bool], guess: float) -> int:
    """Smallest n >= 2 for which the monotone `reached` holds, searching outwards from a guess.

    Raises
    ------
    JourneyError
        When doubling the guess passes `LARGEST_ARM` before `reached` holds.
    """
    high = max(2, int(guess))
    while not reached(high):
        high *= 2
        if high > LARGEST_ARM:
            raise JourneyError("no feasible sample size reaches this power; plan for a larger effect")
    low = high
    while low > 2 and reached(low):
        high, low = low, max(2, int(low * 0.99) - 1)
    if low == 2 and reached(2):
        return 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _check_direction(effect: float, power: float, alpha: float, alternative: Alternative) -> None:
    check_share("power", power)
    if effect == 0:
        raise JourneyError(
            "an effect of zero needs an infinite sample; state the smallest effect that matters"
        )
    if (alternative == "greater" and effect < 0) or (alternative == "less" and effect > 0):
        raise JourneyError(f"the effect {effect} points away from the alternative {alternative!r}")
    if power <= alpha:
        raise JourneyError(f"power ({power}) must be above alpha ({alpha}); a coin reaches it without data")


def _first_guess(spread: float, effect: float, power: float, alpha: float, alternative: Alternative) -> float:
    z = stats.norm.isf(alpha / 2 if alternative == "two-sided" else alpha) + stats.norm.isf(1 - power)
    guess = float(z) ** 2 * spread / effect**2
    if not np.isfinite(guess) or guess > LARGEST_ARM:
        raise JourneyError(
            f"the sample size is infeasible (about {guess:.2g} units per arm); plan for a larger effect"
        )
    return guess


def mean_sample_size(
    effect: float,
    variance: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    ratio: float = 1.0,
    variance_treatment: float | None = None,
) -> Plan:
    """Units per arm to detect a difference of means with the t test.

    Parameters
    ----------
    effect : float
        Smallest difference worth detecting, unit of the metric, not 0.
    variance : float
        Variance per unit; for a ratio metric `linearised_variance`, for CUPED times 1 - rho^2.
    ratio : float
        Treatment units per control unit.

    Returns
    -------
    Plan
        Smallest whole numbers that reach the power.

    Raises
    ------
    JourneyError
        For an effect of zero or against the alternative, or an infeasible size.

    Examples
    --------
    The published G*Power example:

    >>> mean_sample_size(0.3, 100, power=0.85).total
    39906
    """
    check_design(alpha, alternative, ratio)
    _check_direction(float(numeric("effect", effect)), power, alpha, alternative)
    spread = float(numeric("variance", variance))
    other = spread if variance_treatment is None else float(numeric("variance", variance_treatment))

    def reached(n: int) -> bool:
        got = mean_power(
            effect,
            variance,
            n,
            max(2, int(np.ceil(ratio * n))),
            variance_treatment=variance_treatment,
            alpha=alpha,
            alternative=alternative,
        )
        return bool(got >= power)

    refuse(spread <= 0 or other <= 0, "planning needs a variance above zero; this metric does not vary")
    n = _smallest(reached, _first_guess(spread + other / ratio, effect, power, alpha, alternative))
    second = max(2, int(np.ceil(ratio * n)))
    achieved = mean_power(
        effect,
        variance,
        n,
        second,
        variance_treatment=variance_treatment,
        alpha=alpha,
        alternative=alternative,
    )
    return Plan(
        n, second, n + second, effect, float(achieved), alpha, alternative, ratio, None, "noncentral t"
    )


def proportion_sample_size(
    baseline: float,
    effect: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    ratio: float = 1.0,
    method: ProportionMethod = "pooled",
) -> Plan:
    """Units per arm to detect a difference of conversion rates with the z test.

    Parameters
    ----------
    baseline : float
        Control rate, strictly between 0 and 1.
    effect : float
        Absolute difference (0.003 is 0.3 percentage points).
    method : str
        See `proportion_power`.

    Returns
    -------
    Plan

    Examples
    --------
    The published G*Power example:

    >>> proportion_sample_size(0.34, 0.003, power=0.85).total
    897348
    """
    check_design(alpha, alternative, ratio)
    _check_direction(float(numeric("effect", effect)), power, alpha, alternative)

    def achieved(n: int) -> float:
        other = max(1, int(np.ceil(ratio * n)))
        return float(
            proportion_power(baseline, effect, n, other, alpha=alpha, alternative=alternative, method=method)
        )

    achieved(2)
    changed = baseline + effect
    spread = baseline * (1 - baseline) + changed * (1 - changed) / ratio
    n = _smallest(
        lambda size: achieved(size) >= power, _first_guess(spread, effect, power, alpha, alternative)
    )
    second = max(1, int(np.ceil(ratio * n)))
    return Plan(
        n, second, n + second, effect, achieved(n), alpha, alternative, ratio, baseline, f"z test, {method}"
    )


def mean_detectable_effect(
    n_control: int,
    variance: float,
    *,
    n_treatment: int | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> float:
    """Smallest difference of means that these sample sizes detect with the given power.

    Returns
    -------
    float
        Unit of the metric; negative for the alternative `less`.

    Raises
    ------
    JourneyError
        When no difference reaches the power (too few units).
    """
    check_design(alpha, alternative)
    check_share("power", power)
    sign = -1.0 if alternative == "less" else 1.0

    def missing(size: float) -> float:
        got = mean_power(sign * size, variance, n_control, n_treatment, alpha=alpha, alternative=alternative)
        return float(got) - power

    missing(0.0)
    second = n_control if n_treatment is None else n_treatment
    error = float(np.sqrt(variance / n_control + variance / second))
    if missing(0.0) >= 0:
        raise JourneyError(f"power ({power}) must be above alpha ({alpha}); a coin reaches it without data")
    high = error
    while missing(high) < 0:
        high *= 2
        if high > 1e6 * error:
            raise JourneyError("no effect reaches this power with so few units; enrol more")
    return sign * float(optimize.brentq(missing, 0.0, high, xtol=error * 1e-12))


def proportion_detectable_effect(
    baseline: float,
    n_control: int,
    *,
    n_treatment: int | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: ProportionMethod = "pooled",
) -> float:
    """Smallest absolute difference of rates that these sample sizes detect with the given power.

    Returns
    -------
    float
        Upwards from the baseline, downwards (negative) for the alternative `less`.

    Raises
    ------
    JourneyError
        When even a rate next to 1 (or 0) cannot be told from the baseline with so few units.
    """
    check_design(alpha, alternative)
    check_share("power", power)
    check_share("baseline", baseline)
    room = baseline if alternative == "less" else 1 - baseline
    sign = -1.0 if alternative == "less" else 1.0

    def missing(size: float) -> float:
        got = proportion_power(
            baseline, sign * size, n_control, n_treatment, alpha=alpha, alternative=alternative, method=method
        )
        return float(got) - power

    if missing(0.0) >= 0:
        raise JourneyError(f"power ({power}) must be above alpha ({alpha}); a coin reaches it without data")
    largest = room * (1 - 1e-9)
    if missing(largest) < 0:
        raise JourneyError(
            f"with {n_control} control units no change of a {baseline:.4g} rate reaches power {power}; "
            "enrol more"
        )
    return sign * float(optimize.brentq(missing, 0.0, largest, xtol=1e-14))
