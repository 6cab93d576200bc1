"""Always-valid inference: look after every user if you like, and stop when you like."""

from __future__ import annotations

from typing import Any

import numpy as np

from journey.experiments.effects import ArmEstimates, Effect
from journey.experiments.inputs import (
    Alternative,
    Numeric,
    Scale,
    check_alpha,
    check_alternative,
    check_scale,
    numeric,
    plain,
    refuse,
)
from journey.experiments.relative import lift_variance


def mixture_rho(tightest_n: Any, alpha: float = 0.05, alternative: Alternative = "two-sided") -> Numeric:
    """Mixture parameter that makes the sequence tightest at a total of about `tightest_n` units.

    Two-sided: equation 161 of Waudby-Smith et al. (arXiv 2103.06476v7), as in GrowthBook's engine; one-sided
    sequences use it with 2 alpha.
    """
    check_alpha(alpha)
    units = np.asarray(numeric("tightest_n", tightest_n))
    refuse(units <= 0, f"tightest_n must be a number of units above zero; got {tightest_n!r}")
    error = alpha if alternative == "two-sided" else min(2 * alpha, 0.999)
    surprise = -2 * np.log(error)
    return plain(np.sqrt((surprise + np.log(surprise + 1)) / units))


def confidence_sequence(
    arms: ArmEstimates,
    *,
    tightest_n: Any = 5000,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    scale: Scale = "absolute",
) -> Effect:
    """Interval and p value that stay valid however often and whenever one looks.

    The intervals of all looks cover the effect together with probability 1 - alpha, so stopping at the first
    one that excludes 0 has error at most alpha, whatever the traffic. The price is a wider interval than that
    of a fixed horizon.

    Parameters
    ----------
    arms : ArmEstimates
        From any method of the engine, at the present look; arrays hold many looks or experiments.
    tightest_n : float or array
        Total units (both arms) at which the sequence should be tightest: about the planned size. It must be
        chosen before looking. The default is GrowthBook's.
    alternative : str
        One-sided sequences have one infinite end.
    scale : str
        absolute difference or relative lift (delta method).

    Returns
    -------
    Effect
        `p_value` is the always-valid p value of this look; the smallest of all looks is also valid.
        Statistic is the ordinary z.

    Raises
    ------
    JourneyError
        When an arm does not vary, or for a relative lift on a control mean of zero.

    Notes
    -----
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic
    confidence sequences (2024), equation 9; the two-sided p value equals that of the mixture sequential
    probability ratio test of Johari, Pekelis and Walsh (2022) with mixing variance rho^2 times the variance
    per unit. The guarantee is asymptotic: start looking when each arm has some hundred units (or 30
    conversions).
    """
    check_alpha(alpha)
    check_alternative(alternative)
    check_scale(scale)
    arms.check_variation("there is no confidence sequence yet")
    rho = mixture_rho(tightest_n, alpha, alternative)
    if scale == "relative":
        variance = np.asarray(lift_variance(arms))
        estimate = np.asarray(arms.treatment) / arms.control - 1
    else:
        variance = np.asarray(arms.variance_difference)
        estimate = np.asarray(arms.treatment) - arms.control
    units = np.asarray(arms.n_control, dtype=np.float64) + arms.n_treatment
    spread = units * np.square(rho) + 1
    z = estimate / np.sqrt(variance)
    # Exponent of the mixture's likelihood ratio at the observed z.
    exponent = 0.5 * np.square(z) * (spread - 1) / spread
    if alternative == "two-sided":
        half = np.sqrt(variance * 2 * spread / (spread - 1) * np.log(np.sqrt(spread) / alpha))
        p = np.minimum(1.0, np.exp(np.minimum(0.0, 0.5 * np.log(spread) - exponent)))
        low, high = estimate - half, estimate + half
    else:
        half = np.sqrt(variance * 2 * spread / (spread - 1) * np.log1p(np.sqrt(spread) / (2 * alpha)))
        signed = z if alternative == "greater" else -z
        with np.errstate(over="ignore"):
            reached = np.sqrt(spread) / (2 * np.expm1(np.maximum(exponent, 1e-300)))
        p = np.where(signed > 0, np.minimum(1.0, reached), 1.0)
        low = np.full_like(half, -np.inf) if alternative == "less" else estimate - half
        high = np.full_like(half, np.inf) if alternative == "greater" else estimate + half
    return Effect.of(
        arms,
        estimate=estimate,
        error=np.sqrt(variance),
        statistic=z,
        bounds=(low, high),
        df=np.inf,
        p=p,
        alpha=alpha,
        alternative=alternative,
        scale=scale,
        method=f"{arms.source}; confidence sequence",
    )
