"""Does the effect differ between segments? Effects per segment, corrected, and one test of equality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, Effect, difference
from journey.experiments.inputs import Scale, check_alpha, check_scale
from journey.experiments.multiple import benjamini_hochberg, holm
from journey.experiments.relative import relative_lift


@dataclass(frozen=True)
class SegmentEffect:
    """Effect in one segment; `adjusted_p` is corrected for the number of segments, the interval is not."""

    name: str
    effect: Effect
    adjusted_p: float
    significant: bool


@dataclass(frozen=True)
class Heterogeneity:
    """Effects by segment and the test that they are all equal.

    Attributes
    ----------
    segments : tuple of SegmentEffect
    q, df, p_value : float, int, float
        Cochran's Q, chi-square with segments - 1 degrees of freedom. Read this before any single segment.
    i_squared : float
        Share of the variation between segments beyond chance, max(0, 1 - df / Q).
    common_effect : float
        Inverse-variance average of the segments' effects.
    correction : str
    """

    segments: tuple[SegmentEffect, ...]
    q: float
    df: int
    p_value: float
    i_squared: float
    common_effect: float
    correction: str


def heterogeneity(
    segments: Mapping[str, ArmEstimates],
    *,
    scale: Scale = "absolute",
    alpha: float = 0.05,
    correction: Literal["holm", "benjamini-hochberg"] = "holm",
) -> Heterogeneity:
    """Effect in each of several disjoint segments.

    Parameters
    ----------
    segments : mapping of name to ArmEstimates
        At least two segments of different units, defined before assignment.
    scale : str
        absolute, or relative (delta method): effects may be equal on one scale and differ on the other.
    correction : str
        holm or benjamini-hochberg, over the segments.

    Raises
    ------
    JourneyError
        For fewer than two segments, or a segment in which nothing varies.

    Notes
    -----
    Cochran (1954), The combination of estimates from different experiments. Q treats the standard errors as
    known, so segments should have at least some hundred units.
    """
    check_alpha(alpha)
    check_scale(scale)
    if correction not in ("holm", "benjamini-hochberg"):
        raise JourneyError(f"correction must be holm or benjamini-hochberg; got {correction!r}")
    if len(segments) < 2:
        raise JourneyError(f"heterogeneity needs at least two segments; got {len(segments)}")
    effects: dict[str, Effect] = {}
    for name, arms in segments.items():
        try:
            effects[name] = (
                difference(arms, alpha=alpha)
                if scale == "absolute"
                else relative_lift(arms, method="delta", alpha=alpha)
            )
        except JourneyError as error:
            raise JourneyError(f"segment {name!r}: {error}") from error
    estimates = np.array([float(effect.estimate) for effect in effects.values()])
    weights = 1 / np.square([float(effect.standard_error) for effect in effects.values()])
    common = float((weights * estimates).sum() / weights.sum())
    q = float((weights * np.square(estimates - common)).sum())
    df = len(effects) - 1
    adjust = holm if correction == "holm" else benjamini_hochberg
    adjusted = adjust([float(effect.p_value) for effect in effects.values()], alpha=alpha)
    return Heterogeneity(
        segments=tuple(
            SegmentEffect(name, effect, float(p), bool(significant))
            for (name, effect), p, significant in zip(
                effects.items(), adjusted.adjusted, adjusted.rejected, strict=True
            )
        ),
        q=q,
        df=df,
        p_value=float(stats.chi2.sf(q, df)),
        i_squared=max(0.0, 1 - df / q) if q > 0 else 0.0,
        common_effect=common,
        correction=correction,
    )
