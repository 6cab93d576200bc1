"""Effect on a quantile (median basket, 90th percentile of delivery time) by the bootstrap."""

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


@dataclass(frozen=True)
class QuantileEffect:
    """Effect on one quantile with a percentile bootstrap interval.

    Attributes
    ----------
    quantile : float
        Which quantile, between 0 and 1.
    control, treatment, estimate : float
        Quantile of each arm and their difference (or relative lift).
    standard_error : float
        Standard deviation of the bootstrap draws.
    p_value, low, high : float
        Bootstrap p value and limits.
    resamples, seed : int
        Bootstrap draws and their seed.
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
    resamples: int
    seed: int


def bootstrap_quantiles(
    values: Any, quantile: float, resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Draws of the quantile in bootstrap resamples of `values`, shape (resamples,), without resampling.

    The k-th smallest of n values drawn with replacement is the J-th smallest of the original, and
    P(J <= j) = P(Binomial(n, j/n) >= k) = P(Beta(k, n - k + 1) <= j/n). So J = ceil(n Beta(k, n - k + 1)) has
    exactly the bootstrap's distribution, at the cost of one random number a draw.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = ordered.size
    rank = min(n, max(1, int(np.ceil(quantile * n - 1e-9))))
    position = np.ceil(n * generator.beta(rank, n - rank + 1, size=resamples)).astype(np.int64)
    return np.asarray(ordered[np.clip(position, 1, n) - 1])


def quantile_effect(
    control: Any,
    treatment: Any,
    quantile: float,
    *,
    scale: Scale = "absolute",
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    resamples: int = 10_000,
    seed: int = 0,
) -> QuantileEffect:
    """Difference (or relative lift) of a quantile between treatment and control.

    Parameters
    ----------
    control, treatment : array
        One value per randomised unit, shapes (n_c,) and (n_t,), at least 2 each. Rows that are not
        independent (sessions of a user) must be reduced to one value per unit first.
    quantile : float
        Between 0 and 1. Defined as the smallest value with at least that share of values at or below it
        (`numpy.quantile(..., method="inverted_cdf")`).
    scale : str
        absolute (unit of the metric) or relative.
    resamples, seed : int
        Bootstrap draws, at least 100, and the seed; the same seed gives the same result.

    Returns
    -------
    QuantileEffect
        Percentile interval. The p value is the share of draws on the far side of zero, ties counted half,
        doubled when two-sided, never below 1 / (resamples + 1).

    Raises
    ------
    JourneyError
        For a quantile outside (0, 1), missing values, too few units, or a relative effect on a quantile of
        zero.

    Notes
    -----
    Schultzberg and Ankargren (2022), Resampling-free bootstrap inference for quantiles; here with the exact
    index distribution.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    check_scale(scale)
    check_share("quantile", quantile)
    if resamples < 100:
        raise JourneyError(f"a bootstrap needs at least 100 resamples; got {resamples}")
    sizes = int(Sample.from_values(control).n), int(Sample.from_values(treatment).n)
    if min(sizes) < 2:
        raise JourneyError(f"a quantile effect needs at least 2 units per arm; got {sizes[0]} and {sizes[1]}")
    base, changed = (float(np.quantile(arm, quantile, method="inverted_cdf")) for arm in (control, treatment))
    generator = np.random.default_rng(seed)
    draws_control = bootstrap_quantiles(control, quantile, resamples, generator)
    draws_treatment = bootstrap_quantiles(treatment, quantile, resamples, generator)
    if scale == "relative":
        if base <= 0 or (draws_control <= 0).any():
            raise JourneyError(
                "the control quantile is zero or negative (or is in some resamples), so a relative effect is "
                "undefined; use the absolute scale or a higher quantile"
            )
        draws, estimate = draws_treatment / draws_control - 1, changed / base - 1
    else:
        draws, estimate = draws_treatment - draws_control, changed - base
    ties = 0.5 * (draws == 0).mean()
    below, above = float((draws < 0).mean() + ties), float((draws > 0).mean() + ties)
    tail = {"greater": below, "less": above, "two-sided": min(1.0, 2 * min(below, above))}[alternative]
    low, high = (alpha / 2, 1 - alpha / 2) if alternative == "two-sided" else (alpha, 1 - alpha)
    return QuantileEffect(
        quantile=quantile,
        control=base,
        treatment=changed,
        estimate=estimate,
        standard_error=float(draws.std(ddof=1)),
        p_value=max(tail, 1 / (resamples + 1)),
        low=-np.inf if alternative == "less" else float(np.quantile(draws, low)),
        high=np.inf if alternative == "greater" else float(np.quantile(draws, high)),
        alpha=alpha,
        alternative=alternative,
        scale=EffectScale(scale),
        n_control=sizes[0],
        n_treatment=sizes[1],
        resamples=resamples,
        seed=seed,
    )
