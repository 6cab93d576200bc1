"""Effect on a quantile (median basket, 90th percentile of delivery time), from the order of the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.experiments.inputs import (
    Alternative,
    EffectScale,
    FloatArray,
    Scale,
    check_alpha,
    check_alternative,
    check_scale,
    check_share,
)
from journey.experiments.statistics import Sample

#: Units wanted beyond the quantile, by which its place is known well enough.
BEYOND = 5


@dataclass(frozen=True)
class QuantileEffect:
    """Effect on one quantile with its interval.

    Attributes
    ----------
    quantile : float
        Which quantile, between 0 and 1.
    control, treatment, estimate : float
        Quantile of each arm and their difference (or relative lift).
    standard_error : float
        Standard deviation of the draws.
    p_value, low, high : float
        p value and limits by the draws.
    draws, seed : int
        Number of draws and their seed.
    """

    quantile: float
    control: float
    treatment: float
    estimate: float
    standard_error: float
    p_value: float
    low: float
    high: float
    alpha: float
    alternative: Alternative
    scale: EffectScale
    n_control: int
    n_treatment: int
    draws: int
    seed: int


def quantile_draws(values: Any, quantile: float, draws: int, generator: np.random.Generator) -> FloatArray:
    """Draws of where the true quantile of `values` may lie, shape (draws,).

    Of n independent values the number at or below the true quantile is Binomial(n, quantile), whatever their
    distribution. So the quantile lies between the J-th smallest value and the next with J from that law, and
    is drawn evenly between the two. The bootstrap draws much the same places, but leans to one side where few
    values lie beyond the quantile.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    below = generator.binomial(ordered.size, quantile, size=draws)
    first, last = (ordered[np.clip(below + step, 0, ordered.size - 1)] for step in (-1, 0))
    return np.asarray(first + generator.random(draws) * (last - first))


def least_units(quantile: float) -> int:
    """Units an arm must have, so that about `BEYOND` of them lie on the smaller side of the quantile."""
    return int(np.ceil(BEYOND / min(quantile, 1 - quantile) - 1e-9))


def quantile_effect(
    control: Any,
    treatment: Any,
    quantile: float,
    *,
    scale: Scale = "absolute",
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    draws: int = 10_000,
    seed: int = 0,
) -> QuantileEffect:
    """Difference (or relative lift) of a quantile between treatment and control.

    Parameters
    ----------
    control, treatment : array
        One value per randomised unit, shapes (n_c,) and (n_t,), at least `least_units(quantile)` each: 10 for
        the median, 50 for the 90th percentile, 500 for the 99th. Rows that are not independent (sessions of a
        user) must be reduced to one value per unit first.
    quantile : float
        Between 0 and 1. Defined as the smallest value with at least that share of values at or below it
        (`numpy.quantile(..., method="inverted_cdf")`).
    scale : str
        absolute (unit of the metric) or relative.
    draws, seed : int
        Number of draws, at least 100, and their seed; the same seed gives the same result.

    Returns
    -------
    QuantileEffect
        Interval between percentiles of the draws of both arms. The p value is the share of draws on the far
        side of zero, ties counted half, doubled when two-sided, never below 1 / (draws + 1). False alarms
        stay below alpha from the least number of units on, for one arm 20 times the other too.

    Raises
    ------
    JourneyError
        For a quantile outside (0, 1), missing values, too few units for it, or a relative effect on a
        quantile of zero.

    Notes
    -----
    David and Nagaraja (2003), Order statistics, section 7.1, for one arm; Schultzberg and Ankargren (2022),
    Resampling-free bootstrap inference for quantiles, for two.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    check_scale(scale)
    check_share("quantile", quantile)
    if draws < 100:
        raise JourneyError(f"a quantile effect needs at least 100 draws; got {draws}")
    sizes = int(Sample.from_values(control).n), int(Sample.from_values(treatment).n)
    least = least_units(quantile)
    if min(sizes) < least:
        raise JourneyError(
            f"the effect on the {quantile:g} quantile needs at least {least} units per arm; "
            f"got {sizes[0]} and {sizes[1]}"
        )
    base, changed = (float(np.quantile(arm, quantile, method="inverted_cdf")) for arm in (control, treatment))
    generator = np.random.default_rng(seed)
    drawn_control = quantile_draws(control, quantile, draws, generator)
    drawn_treatment = quantile_draws(treatment, quantile, draws, generator)
    if scale == "relative":
        if base <= 0 or (drawn_control <= 0).any():
            raise JourneyError(
                "the control quantile is zero or negative (or may be), so a relative effect is "
                "undefined; use the absolute scale or a higher quantile"
            )
        drawn, estimate = drawn_treatment / drawn_control - 1, changed / base - 1
    else:
        drawn, estimate = drawn_treatment - drawn_control, changed - base
    ties = 0.5 * (drawn == 0).mean()
    below, above = float((drawn < 0).mean() + ties), float((drawn > 0).mean() + ties)
    tail = {"greater": below, "less": above, "two-sided": min(1.0, 2 * min(below, above))}[alternative]
    low, high = (alpha / 2, 1 - alpha / 2) if alternative == "two-sided" else (alpha, 1 - alpha)
    return QuantileEffect(
        quantile=quantile,
        control=base,
        treatment=changed,
        estimate=estimate,
        standard_error=float(drawn.std(ddof=1)),
        p_value=max(tail, 1 / (draws + 1)),
        low=-np.inf if alternative == "less" else float(np.quantile(drawn, low)),
        high=np.inf if alternative == "greater" else float(np.quantile(drawn, high)),
        alpha=alpha,
        alternative=alternative,
        scale=EffectScale(scale),
        n_control=sizes[0],
        n_treatment=sizes[1],
        draws=draws,
        seed=seed,
    )
