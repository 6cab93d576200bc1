"""How strong an unmeasured confounder would have to be: E-value and Rosenbaum bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from journey.causal.study import CausalEffect, FloatArray
from journey.errors import JourneyError


@dataclass(frozen=True)
class EValue:
    """Smallest risk ratio an unmeasured confounder needs with both treatment and outcome.

    `point` would explain the estimate away entirely; `limit` would move the interval to include no effect
    (1 when it already does). `risk_ratio`, `low` and `high` are what was explained.
    """

    point: float
    limit: float | None
    risk_ratio: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class RosenbaumBounds:
    """Bounds on the one-sided p-value of no effect when hidden bias may shift the odds of treatment.

    Attributes
    ----------
    gamma
        Largest ratio of the odds of treatment within a pair; 1 is no hidden bias.
    p_upper, p_lower
        Largest and smallest p-value compatible with each gamma.
    critical_gamma
        Smallest gamma, to two decimals, at which `p_upper` exceeds `alpha`; 1 when it does without any bias.
    """

    gamma: FloatArray
    p_upper: FloatArray
    p_lower: FloatArray
    critical_gamma: float
    alpha: float


def e_value(risk_ratio: float, low: float | None = None, high: float | None = None) -> EValue:
    """E-value of a risk ratio and of the limit of its interval nearer to 1.

    Parameters
    ----------
    risk_ratio, low, high
        Positive; the interval is optional, and one limit is enough.

    Raises
    ------
    JourneyError
        When a number is not finite and above 0, or the risk ratio lies outside its interval.

    Notes
    -----
    VanderWeele and Ding (2017), Annals of Internal Medicine 167:268: RR + sqrt(RR (RR - 1)), with 1 / RR in
    place of RR below 1.
    """
    given = [x for x in (risk_ratio, low, high) if x is not None]
    if not all(np.isfinite(x) and x > 0 for x in given):
        raise JourneyError(f"Risk ratio and limits must be positive numbers; got {given}.")
    if (low is not None and low > risk_ratio) or (high is not None and high < risk_ratio):
        raise JourneyError(f"The risk ratio {risk_ratio} lies outside its interval ({low}, {high}).")
    near = low if risk_ratio >= 1 else high
    limit = None
    if near is not None:
        crossed = near <= 1 if risk_ratio >= 1 else near >= 1
        limit = 1.0 if crossed else _e_value(near)
    return EValue(_e_value(risk_ratio), limit, float(risk_ratio), low, high)


def e_value_of_effect(effect: CausalEffect) -> EValue:
    """E-value of an estimated effect through its risk ratio.

    Raises
    ------
    JourneyError
        When the effect has no risk ratio.
    """
    if effect.risk_ratio is None:
        raise JourneyError(
            f"The {effect.method} has no risk ratio (means {effect.treated_mean:.3g} and "
            f"{effect.control_mean:.3g}); use e_value_of_difference."
        )
    return e_value(effect.risk_ratio, effect.risk_ratio_low, effect.risk_ratio_high)


def e_value_of_difference(estimate: float, low: float, high: float, deviation: float) -> EValue:
    """Approximate E-value of a difference in means of a continuous outcome.

    Parameters
    ----------
    estimate, low, high
        Difference and its interval, in the unit of the outcome.
    deviation
        Standard deviation of the outcome.

    Raises
    ------
    JourneyError
        As `e_value`, and when `deviation` is not above 0.

    Notes
    -----
    VanderWeele and Ding (2017): the risk ratio is approximated by exp(0.91 d), d the standardised difference.
    """
    if not deviation > 0:
        raise JourneyError(f"The outcome's standard deviation {deviation} must be positive.")
    ratio, ratio_low, ratio_high = np.exp(0.91 * np.array([estimate, low, high]) / deviation)
    return e_value(float(ratio), float(ratio_low), float(ratio_high))


def rosenbaum_binary(
    treated_only: int,
    control_only: int,
    *,
    gammas: ArrayLike | None = None,
    alpha: float = 0.05,
) -> RosenbaumBounds:
    """Bounds for a binary outcome in matched pairs (McNemar's test; Rosenbaum 2002, section 4.3.2).

    Parameters
    ----------
    treated_only, control_only
        Pairs in which only the treated row, or only its partner, had the outcome.

    Raises
    ------
    JourneyError
        When a count is negative, both are 0, or a gamma is below 1.

    Notes
    -----
    Under a bias of at most gamma, the treated row of a discordant pair has the outcome with probability
    between 1 / (1 + gamma) and gamma / (1 + gamma); the p-values are exact binomial tails against a positive
    effect. Swap the two counts to test a negative one.
    """
    if min(treated_only, control_only) < 0 or treated_only + control_only == 0:
        raise JourneyError(
            f"There are no discordant pairs ({treated_only} and {control_only}); nothing to test."
        )
    n = treated_only + control_only

    def tail(probability: FloatArray) -> FloatArray:
        return np.asarray(stats.binom.sf(treated_only - 1, n, probability))

    return _bounds(tail, gammas, alpha)


def rosenbaum_signed_rank(
    differences: ArrayLike, *, gammas: ArrayLike | None = None, alpha: float = 0.05
) -> RosenbaumBounds:
    """Bounds for a numeric outcome in matched pairs (Wilcoxon signed rank; Rosenbaum 2002, section 4.3.3).

    Parameters
    ----------
    differences
        Treated minus partner, shape (pairs,).

    Raises
    ------
    JourneyError
        When the differences are not finite numbers in one dimension or are all 0, or a gamma is below 1.

    Notes
    -----
    Normal approximation without continuity correction; ties share their mean rank; zero differences are
    ranked, then left out (Pratt 1959), as in Rosenbaum. Tests for a positive effect; change the sign of the
    differences to test for a negative one.
    """
    gaps = np.asarray(differences, dtype=float)
    if gaps.ndim != 1 or not np.isfinite(gaps).all():
        raise JourneyError(
            f"Pair differences must be finite numbers in one dimension; got shape {gaps.shape}."
        )
    if not gaps.any():
        raise JourneyError(f"All {len(gaps)} pair differences are 0; there is nothing to test.")
    ranks = np.where(gaps == 0, 0.0, stats.rankdata(np.abs(gaps)))
    statistic = ranks[gaps > 0].sum()

    def tail(probability: FloatArray) -> FloatArray:
        deviation = np.sqrt(probability * (1 - probability) * (ranks**2).sum())
        return np.asarray(stats.norm.sf((statistic - probability * ranks.sum()) / deviation))

    return _bounds(tail, gammas, alpha)


def _e_value(ratio: float) -> float:
    above = ratio if ratio >= 1 else 1 / ratio
    return float(above + np.sqrt(above * (above - 1)))


def _bounds(
    tail: Callable[[FloatArray], FloatArray], gammas: ArrayLike | None, alpha: float
) -> RosenbaumBounds:
    grid = np.arange(1, 6.01, 0.25) if gammas is None else np.asarray(gammas, dtype=float)
    if not (grid >= 1).all():
        raise JourneyError(f"Every gamma must be at least 1; got a smallest of {grid.min()}.")
    fine = np.arange(1, 100.005, 0.01)
    beyond = np.flatnonzero(tail(fine / (1 + fine)) > alpha)
    critical = float(round(fine[beyond[0]], 2)) if len(beyond) else float("inf")
    return RosenbaumBounds(
        gamma=grid,
        p_upper=tail(grid / (1 + grid)),
        p_lower=tail(1 / (1 + grid)),
        critical_gamma=critical,
        alpha=alpha,
    )
