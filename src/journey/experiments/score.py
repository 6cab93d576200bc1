"""Two conversion rates of which a cell is small: score intervals and Fisher's exact test.

An arm in which nobody converted has no variance, so a normal interval takes its rate as known exactly. The
rule of the engine: where one of the four cells (converted or not, in either arm) holds fewer than `SPARSE`
units, the interval is the score interval and the test of no effect is Fisher's; elsewhere both are normal.

Counted over all outcomes with 5 to 500 units an arm and rates of 0.2% to 97%, the 95% intervals of this rule
cover in 94% to 97% of experiments on average. At the worst pair of rates, where one outcome carries most of
the probability, they cover in 85% with 5 units in an arm and in 90% from 10 on, as Wilson's interval of one
rate does. Fisher's error never exceeds alpha, which makes it conservative: near the edge its p value can lie
above alpha although the interval excludes 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from journey.experiments.inputs import (
    Alternative,
    EffectScale,
    FloatArray,
    Numeric,
    Scale,
    plain,
    t_quantile,
    t_survival,
)

if TYPE_CHECKING:
    from journey.experiments.effects import Effect

#: With every cell at 10 or more the normal intervals lose at most a point to the score interval.
SPARSE = 10
METHOD = "Fisher's exact test; Miettinen-Nurminen score interval"
# Halvings of the range in which a limit lies: to the last digit of a rate.
HALVINGS = 60


@dataclass(frozen=True)
class Conversions:
    """Units of both arms and how many of them converted: floats, or arrays of one shape."""

    n_control: Any
    control: Any
    n_treatment: Any
    treatment: Any

    @property
    def sparse(self) -> Any:
        """Where a cell is too small for the normal approximation."""
        control = np.minimum(self.control, self.n_control - self.control)
        return np.minimum(control, np.minimum(self.treatment, self.n_treatment - self.treatment)) < SPARSE

    def at(self, chosen: Any) -> Conversions:
        """The chosen experiments, as vectors."""
        shape = np.shape(chosen)
        parts = (np.broadcast_to(getattr(self, field.name), shape)[chosen] for field in fields(self))
        return Conversions(*(np.atleast_1d(part).astype(np.float64) for part in parts))


def score_statistic(counts: Conversions, effect: Any, scale: Scale | EffectScale) -> FloatArray:
    """z of the observed rates against a true difference, or a true lift, of `effect`.

    The standard error is that of the likeliest rates with that effect, times N / (N - 1).

    Notes
    -----
    Miettinen and Nurminen (1985), Comparative analysis of two rates; without the factor, Farrington and
    Manning (1990) for the difference and Koopman (1984) for the ratio.
    """
    rate_c, rate_t = counts.control / counts.n_control, counts.treatment / counts.n_treatment
    if scale == "absolute":
        slope, gap = np.ones(()), rate_t - rate_c - effect
        null_c = _rates_with_difference(counts, np.asarray(effect, dtype=np.float64))
        null_t = np.clip(null_c + effect, 0.0, 1.0)
    else:
        slope = 1.0 + np.asarray(effect, dtype=np.float64)
        gap = rate_t - slope * rate_c
        null_c = _rates_with_ratio(counts, slope)
        null_t = np.clip(slope * null_c, 0.0, 1.0)
    units = counts.n_control + counts.n_treatment
    variance = np.square(slope) * null_c * (1 - null_c) / counts.n_control
    variance = (variance + null_t * (1 - null_t) / counts.n_treatment) * units / (units - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # What no rates can give is infinitely far; a gap of rounding is none.
        return np.where(np.abs(gap) < 1e-14, 0.0, gap / np.sqrt(variance))


def _rates_with_difference(counts: Conversions, gap: FloatArray) -> FloatArray:
    """Likeliest control rate when the treatment rate is `gap` higher: a root of a cubic."""
    n_c, x_c = counts.n_control, counts.control
    units, both = n_c + counts.n_treatment, x_c + counts.treatment
    a, b = units, (counts.n_treatment + 2 * n_c) * gap - units - both
    c, d = (n_c * gap - units - 2 * x_c) * gap + both, x_c * gap * (1 - gap)
    third = b / (3 * a)
    q = third**3 - b * c / (6 * a**2) + d / (2 * a)
    size = np.sqrt(np.maximum(np.square(third) - c / (3 * a), 0.0)) * np.where(q > 0, 1.0, -1.0)
    cosine = np.where(size == 0, 0.0, q / np.where(size == 0, 1.0, size) ** 3)
    rate = 2 * size * np.cos((np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3) - third
    least, most = np.maximum(0.0, -gap), np.minimum(1.0, 1 - gap)
    # The cosine keeps eight digits of a rate near 0 or 1; Newton's steps bring the others.
    for _ in range(3):
        slope = (3 * a * rate + 2 * b) * rate + c
        step = (((a * rate + b) * rate + c) * rate + d) / np.where(slope == 0, 1.0, slope)
        rate = np.clip(rate - np.where(np.abs(step) < 1e-4, step, 0.0), least, most)
    return np.asarray(rate)


def _rates_with_ratio(counts: Conversions, ratio: FloatArray) -> FloatArray:
    """Likeliest control rate when the treatment rate is `ratio` times it: a root of a quadratic."""
    units, both = counts.n_control + counts.n_treatment, counts.control + counts.treatment
    b = counts.n_treatment * ratio + counts.treatment + counts.n_control + counts.control * ratio
    root = np.sqrt(np.maximum(np.square(b) - 4 * units * ratio * both, 0.0))
    return np.asarray(np.clip(2 * both / (b + root), 0.0, 1 / np.maximum(ratio, 1.0)))


def score_interval(
    counts: Conversions, scale: Scale | EffectScale, alpha: float, alternative: Alternative
) -> tuple[FloatArray, FloatArray]:
    """Effects that the score test does not reject, of vectors; one-sided intervals have an infinite end.

    A lift needs a conversion in control.
    """
    quantile = float(t_quantile(alpha / 2 if alternative == "two-sided" else alpha, np.inf))
    rate_c, rate_t = counts.control / counts.n_control, counts.treatment / counts.n_treatment
    if scale == "absolute":
        place, first = rate_t - rate_c, -1.0
        effect: Callable[[FloatArray], FloatArray] = lambda at: at  # noqa: E731
    else:
        # Half-way between 0 and infinity lies 1.
        place, first = rate_t / (rate_t + rate_c), 0.0
        effect = lambda at: at / np.maximum(1 - at, 1e-300) - 1  # noqa: E731

    def limit(end: float, sign: int) -> FloatArray:
        """Farthest place towards `end` that is not rejected."""
        outside, inside = np.full_like(place, end), place
        for _ in range(HALVINGS):
            middle = (outside + inside) / 2
            kept = sign * score_statistic(counts, effect(middle), scale) <= quantile
            outside, inside = np.where(kept, outside, middle), np.where(kept, middle, inside)
        return np.asarray(effect(inside))

    infinite = np.full_like(place, np.inf)
    return (
        -infinite if alternative == "less" else limit(first, 1),
        infinite if alternative == "greater" else limit(1.0, -1),
    )


def fisher_p_value(counts: Conversions, alternative: Alternative) -> FloatArray:
    """p value of no effect by Fisher's exact test, of vectors."""
    cells = [counts.treatment, counts.n_treatment - counts.treatment]
    cells += [counts.control, counts.n_control - counts.control]
    tables, place = np.unique(np.column_stack(cells).astype(np.int64), axis=0, return_inverse=True)
    p = [stats.fisher_exact(each.reshape(2, 2), alternative=alternative).pvalue for each in tables]
    return np.minimum(1.0, np.asarray(p, dtype=np.float64)[place.ravel()])


def with_sparse_cells(effect: Effect, counts: Conversions) -> Effect:
    """Replace test and interval where a cell is small, and say so in `method`."""
    sparse = np.asarray(counts.sparse)
    if not sparse.any():
        return effect
    few = counts.at(sparse)
    statistic = score_statistic(few, effect.null, effect.scale)
    if effect.null == 0:
        p = fisher_p_value(few, effect.alternative)
    else:
        signed = {"two-sided": np.abs(statistic), "greater": statistic, "less": -statistic}
        sides = 2 if effect.alternative == "two-sided" else 1
        p = np.asarray(sides * t_survival(signed[effect.alternative], np.inf))
    low, high = score_interval(few, effect.scale, effect.alpha, effect.alternative)

    def mended(old: Any, new: Any) -> Numeric:
        result = np.array(np.broadcast_to(old, sparse.shape), dtype=np.float64)
        result[sparse] = new
        return plain(result)

    some = f"{effect.method}; where a cell is below {SPARSE} ({int(sparse.sum())} of {sparse.size}): {METHOD}"
    bounded = np.asarray(effect.bounded) | sparse
    return replace(
        effect,
        statistic=mended(effect.statistic, statistic),
        p_value=mended(effect.p_value, p),
        low=mended(effect.low, low),
        high=mended(effect.high, high),
        method=f"{METHOD} (a cell below {SPARSE})" if sparse.all() else some,
        bounded=bounded if bounded.ndim else bool(bounded),
    )
