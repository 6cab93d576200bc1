"""CUPED: use what was known of each unit before the experiment to remove variance from the effect.

The trap is the relative lift. Both adjusted arm means contain the pooled covariate mean, so they are
correlated, and the control mean in the denominator is not reduced in variance the way the difference is. An
engine that plugs the reduced variances into the ordinary lift formula under-covers as soon as there is a
lift. Here the two adjusted means come with their full covariance matrix, and every later step uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates, welch_degrees
from journey.experiments.inputs import Numeric, numeric, plain, refuse
from journey.experiments.statistics import PairedSample

Baseline: TypeAlias = Literal["adjusted", "observed"]
BASES: dict[Baseline, str] = {
    "adjusted": "the control mean adjusted for the covariate",
    "observed": "the observed control mean",
}


@dataclass(frozen=True)
class CupedEstimates(ArmEstimates):
    """Covariate-adjusted arm means.

    Attributes
    ----------
    theta : float or array
        Slope of the adjustment, unit of outcome per unit of covariate.
    variance_reduction : float or array
        Share of the difference's variance removed; about rho^2. Can be slightly negative when the covariate
        explains nothing.
    """

    theta: Numeric
    variance_reduction: Numeric


def cuped(
    control: PairedSample,
    treatment: PairedSample,
    *,
    theta: float | None = None,
    baseline: Baseline = "adjusted",
) -> CupedEstimates:
    """Arm means adjusted for a covariate x that was measured before assignment.

    Adjusted mean of an arm: mean(y) - theta (mean(x) - pooled mean(x)).

    Parameters
    ----------
    control, treatment : PairedSample
        y is the outcome and x the covariate of each unit; units without history keep x = 0 (or the mean), in
        both arms alike. The covariate must not be touched by the treatment.
    theta : float, optional
        Slope fixed in advance. By default the slope that minimises the variance of the difference,
        (cov_c / n_c + cov_t / n_t) / (var_x_c / n_c + var_x_t / n_t), 0 when x does not vary.

    baseline : str
        What a relative lift is a share of. adjusted (default): the control mean adjusted for the covariate.
        observed: the control mean as it was, as GrowthBook's engine divides; `treatment` is then that mean
        plus the adjusted difference. Both estimate the same lift and cover it alike (Notes).

    Returns
    -------
    CupedEstimates
        Adjusted means, their variances *and their covariance*; pass it to `difference` or `relative_lift`.

    Raises
    ------
    JourneyError
        With fewer than 2 units in an arm, fewer than 6 in total when the slope is estimated, or for another
        baseline.

    Notes
    -----
    Deng, Xu, Kohavi and Walker (2013), Improving the sensitivity of online controlled experiments. With
    D = mean(x_t) - mean(x_c) and shares w of the units, the adjusted means are C = y_c + theta w_t D and
    T = y_t - theta w_c D, linear in four averages, so their covariance matrix is exact given theta.
    The price of estimating theta is paid by the factor (N - 2) / (N - 3) (1 + 1 / (N - 4)): one degree of
    freedom, and the chance imbalance of x.

    In 4,000 simulated experiments of each of eight kinds (50 to 1,600 users an arm, lifts of 10% and 50%)
    Fieller's interval covered 94% to 96% with either baseline: neither covers better. That of the adjusted
    mean was the narrower one, by up to a tenth.
    """
    if baseline not in BASES:
        raise JourneyError(f"baseline must be adjusted or observed; got {baseline!r}")
    n_c, n_t = np.asarray(control.n, dtype=np.float64), np.asarray(treatment.n, dtype=np.float64)
    var_y_c, var_y_t = np.asarray(control.y.variance) / n_c, np.asarray(treatment.y.variance) / n_t
    var_x = np.asarray(control.x.variance) / n_c + np.asarray(treatment.x.variance) / n_t
    cov_c, cov_t = np.asarray(control.covariance) / n_c, np.asarray(treatment.covariance) / n_t

    if theta is None:
        refuse(np.less(n_c + n_t, 6), "CUPED with an estimated slope needs at least 6 units in total")
        usable = var_x > 0
        slope = np.where(usable, (cov_c + cov_t) / np.where(usable, var_x, 1.0), 0.0)
        units = n_c + n_t
        price = np.where(slope != 0, (units - 2) / (units - 3) * (1 + 1 / (units - 4)), 1.0)
    else:
        slope = np.asarray(numeric("theta", theta))
        price = np.asarray(1.0)

    # The shares say how much of the imbalance each arm's mean takes; none falls on an observed control mean.
    imbalance = np.asarray(treatment.x.mean) - control.x.mean
    share_c, share_t = n_c / (n_c + n_t), n_t / (n_c + n_t)
    if baseline == "observed":
        share_c, share_t = np.ones_like(share_c), np.zeros_like(share_t)
    variance_control = var_y_c - 2 * slope * share_t * cov_c + np.square(slope * share_t) * var_x
    variance_treatment = var_y_t - 2 * slope * share_c * cov_t + np.square(slope * share_c) * var_x
    covariance = slope * (share_t * cov_t + share_c * cov_c) - np.square(slope) * share_t * share_c * var_x

    # Residual variances per arm decide the degrees of freedom, as the unadjusted ones do for Welch.
    residual_c = np.maximum(0.0, var_y_c - 2 * slope * cov_c + np.square(slope) * control.x.variance / n_c)
    residual_t = np.maximum(0.0, var_y_t - 2 * slope * cov_t + np.square(slope) * treatment.x.variance / n_t)
    before = var_y_c + var_y_t
    after = price * (variance_control + variance_treatment - 2 * covariance)
    return CupedEstimates(
        control=plain(np.asarray(control.y.mean) + slope * share_t * imbalance),
        treatment=plain(np.asarray(treatment.y.mean) - slope * share_c * imbalance),
        variance_control=plain(price * variance_control),
        variance_treatment=plain(price * variance_treatment),
        covariance=plain(price * covariance),
        df=welch_degrees(plain(residual_c), plain(residual_t), control.n, treatment.n),
        n_control=control.n,
        n_treatment=treatment.n,
        source="CUPED, Welch t",
        base=BASES[baseline],
        theta=plain(slope),
        variance_reduction=plain(np.where(before > 0, 1 - after / np.where(before > 0, before, 1.0), 0.0)),
    )
