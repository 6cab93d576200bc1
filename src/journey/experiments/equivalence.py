"""Equivalence and non-inferiority: show that an effect is too small to matter (two one-sided tests)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, difference
from journey.experiments.inputs import (
    EffectScale,
    Numeric,
    Scale,
    check_alpha,
    check_scale,
    plain,
    refuse,
    t_survival,
)
from journey.experiments.relative import relative_lift
from journey.experiments.score import score_statistic


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests against a margin.

    Attributes
    ----------
    estimate : float or array
        Difference or relative lift.
    margin_low, margin_high : float
        Largest effects that do not matter.
    p_lower, p_upper : float or array
        p values against "below the lower margin" and "above the upper margin". `p_lower` alone is the test of
        non-inferiority.
    p_value : float or array
        The larger of the two.
    low, high : float or array
        The matching interval, level 1 - 2 alpha; equivalence is shown exactly when it lies within the
        margins.
    equivalent : bool or array
        p_value below alpha.
    alpha : float
    scale : str
    """

    estimate: Numeric
    margin_low: float
    margin_high: float
    p_lower: Numeric
    p_upper: Numeric
    p_value: Numeric
    low: Numeric
    high: Numeric
    equivalent: Any
    alpha: float
    scale: EffectScale


def equivalence(
    arms: ArmEstimates,
    low: float,
    high: float,
    *,
    scale: Scale = "absolute",
    alpha: float = 0.05,
) -> Equivalence:
    """Test that the effect lies strictly between two margins.

    Parameters
    ----------
    arms : ArmEstimates
        From any method of the engine.
    low, high : float
        Margins on the chosen scale, low < high; fixed before looking. Relative margins lie above -1.
    scale : str
        absolute (unit of the metric) or relative. The relative test uses the linear contrasts T - (1 +
        margin) C, so it needs no approximation of the ratio; its interval is Fieller's. Where a cell of two
        conversion rates is small, tests and interval are those of the score.
    alpha : float
        Error rate of each one-sided test, below 0.5.

    Raises
    ------
    JourneyError
        For margins out of order, or when an arm does not vary.

    Notes
    -----
    Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach.
    """
    check_alpha(alpha)
    check_scale(scale)
    if alpha >= 0.5:
        raise JourneyError(f"two one-sided tests need alpha below 0.5; got {alpha}")
    if not np.isfinite([low, high]).all() or low >= high:
        raise JourneyError(f"equivalence margins must be finite with low < high; got {low} and {high}")
    if scale == "relative":
        if low <= -1:
            raise JourneyError(f"a relative margin must lie above -1 (a fall of 100%); got {low}")
        effect = relative_lift(arms, method="fieller", alpha=2 * alpha)
    else:
        effect = difference(arms, alpha=2 * alpha)
    above, below = (_statistic(arms, margin, scale) for margin in (low, high))
    p_lower, p_upper = t_survival(plain(above), arms.df), t_survival(plain(-below), arms.df)
    p = np.maximum(p_lower, p_upper)
    return Equivalence(
        estimate=effect.estimate,
        margin_low=low,
        margin_high=high,
        p_lower=p_lower,
        p_upper=p_upper,
        p_value=plain(p),
        low=effect.low,
        high=effect.high,
        equivalent=(p < alpha) if np.ndim(p) else bool(p < alpha),
        alpha=alpha,
        scale=EffectScale(scale),
    )


def _statistic(arms: ArmEstimates, margin: float, scale: Scale) -> Any:
    """t statistic of the effect against a margin: of T - (1 + margin) C on the relative scale."""
    slope, shift = (1.0, margin) if scale == "absolute" else (1.0 + margin, 0.0)
    variance = (
        np.asarray(arms.variance_treatment)
        - 2 * slope * np.asarray(arms.covariance)
        + slope**2 * np.asarray(arms.variance_control)
    )
    refuse(variance <= 0, "the two arms move together without a rest, so equivalence cannot be tested")
    normal = (np.asarray(arms.treatment) - slope * np.asarray(arms.control) - shift) / np.sqrt(variance)
    if arms.conversions is None:
        return normal
    return np.where(arms.conversions.sparse, score_statistic(arms.conversions, margin, scale), normal)
