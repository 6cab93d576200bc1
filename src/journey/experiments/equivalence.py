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


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests against a margin.

    Attributes
    ----------
    estimate : float or array
        Difference or relative lift.
    margin_lower, margin_upper : float
        Largest effects that do not matter.
    p_lower, p_upper : float or array
        p values against "below the lower margin" and "above the upper margin". `p_lower` alone is the test of
        non-inferiority.
    p_value : float or array
        The larger of the two.
    lower, upper : float or array
        The matching interval, level 1 - 2 alpha; equivalence is shown exactly when it lies within the
        margins.
    equivalent : bool or array
        p_value below alpha.
    alpha : float
    scale : str
    """

    estimate: Numeric
    margin_lower: float
    margin_upper: float
    p_lower: Numeric
    p_upper: Numeric
    p_value: Numeric
    lower: Numeric
    upper: Numeric
    equivalent: Any
    alpha: float
    scale: EffectScale


def equivalence(
    arms: ArmEstimates,
    lower: float,
    upper: float,
    *,
    scale: Scale = "absolute",
    alpha: float = 0.05,
) -> Equivalence:
    """Test that the effect lies strictly between two margins.

    Parameters
    ----------
    arms : ArmEstimates
        From any method of the engine.
    lower, upper : float
        Margins on the chosen scale, lower < upper; fixed before looking. Relative margins lie above -1.
    scale : str
        absolute (unit of the metric) or relative. The relative test uses the linear contrasts T - (1 +
        margin) C, so it needs no approximation of the ratio; its interval is Fieller's.
    alpha : float
        Level of each one-sided test, below 0.5.

    Raises
    ------
    JourneyError
        For margins out of order, or when neither arm varies.

    Notes
    -----
    Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach.
    """
    check_alpha(alpha)
    check_scale(scale)
    if alpha >= 0.5:
        raise JourneyError(f"two one-sided tests need alpha below 0.5; got {alpha}")
    if not np.isfinite([lower, upper]).all() or lower >= upper:
        raise JourneyError(f"equivalence margins must be finite with lower < upper; got {lower} and {upper}")
    if scale == "relative":
        if lower <= -1:
            raise JourneyError(f"a relative margin must lie above -1 (a fall of 100%); got {lower}")
        effect = relative_lift(arms, method="fieller", alpha=2 * alpha)
        tails = [_contrast(arms, 1 + lower), _contrast(arms, 1 + upper)]
    else:
        effect = difference(arms, alpha=2 * alpha)
        tails = [(np.asarray(effect.estimate) - margin) / effect.standard_error for margin in (lower, upper)]
    p_lower, p_upper = t_survival(plain(tails[0]), arms.df), t_survival(plain(-tails[1]), arms.df)
    p = np.maximum(p_lower, p_upper)
    return Equivalence(
        estimate=effect.estimate,
        margin_lower=lower,
        margin_upper=upper,
        p_lower=p_lower,
        p_upper=p_upper,
        p_value=plain(p),
        lower=effect.lower,
        upper=effect.upper,
        equivalent=(p < alpha) if np.ndim(p) else bool(p < alpha),
        alpha=alpha,
        scale=EffectScale(scale),
    )


def _contrast(arms: ArmEstimates, ratio: float) -> Any:
    """t statistic of treatment minus ratio times control."""
    variance = (
        np.asarray(arms.variance_treatment)
        - 2 * ratio * np.asarray(arms.covariance)
        + ratio**2 * np.asarray(arms.variance_control)
    )
    refuse(variance <= 0, "neither arm varies, so equivalence cannot be tested")
    return (np.asarray(arms.treatment) - ratio * np.asarray(arms.control)) / np.sqrt(variance)
