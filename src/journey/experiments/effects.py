"""Two arms, their estimates and covariance; from them the difference, with test and interval.

Every method of the engine (means, proportions, ratios, clusters, CUPED, post-stratification) ends in an
`ArmEstimates`: what each arm's mean is and how uncertain, together. What is asked of it afterwards is the
same for all: `difference`, `relative_lift`, `equivalence`, `confidence_sequence`, `heterogeneity`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from journey.experiments.inputs import (
    Alternative,
    EffectScale,
    Numeric,
    check_alpha,
    check_alternative,
    numeric,
    p_value,
    plain,
    refuse,
    symmetric_interval,
)


@dataclass(frozen=True)
class ArmEstimates:
    """Estimated mean of each arm with the covariance matrix of the two estimates.

    Attributes
    ----------
    control, treatment : float or array
        Estimates in the unit of the metric.
    variance_control, variance_treatment : float or array
        Sampling variances of the two estimates (squared standard errors, not variances of the data).
    covariance : float or array
        Sampling covariance of the two estimates; 0 for arms estimated separately.
    df : float or array
        Degrees of freedom of the t reference; infinite for a normal one.
    n_control, n_treatment : float or array
        Units per arm.
    source : str
        How the estimates were obtained.
    """

    control: Numeric
    treatment: Numeric
    variance_control: Numeric
    variance_treatment: Numeric
    covariance: Numeric
    df: Numeric
    n_control: Numeric
    n_treatment: Numeric
    source: str

    @property
    def variance_difference(self) -> Numeric:
        """Sampling variance of treatment minus control."""
        total = np.asarray(self.variance_control) + self.variance_treatment - 2 * np.asarray(self.covariance)
        return plain(np.maximum(0.0, total))


@dataclass(frozen=True)
class Effect:
    """An estimated effect of treatment against control.

    Attributes
    ----------
    estimate : float or array
        Difference (unit of the metric) or relative lift (0.10 is +10%).
    standard_error, statistic, p_value : float or array
        Standard error, test statistic and p value against `null`.
    lower, upper : float or array
        Confidence limits; the open end of a one-sided interval is infinite.
    df : float or array
        Degrees of freedom of the reference distribution; infinite for the normal.
    alpha : float
        One minus the confidence level.
    alternative : str
        two-sided, greater or less.
    null : float
        Effect under the null hypothesis.
    scale : str
        absolute or relative.
    method : str
        Test and interval in words.
    control, treatment : float or array
        The two estimates the effect compares.
    n_control, n_treatment : float or array
        Units per arm.
    bounded : bool or array
        False where the confidence set is not an interval (Fieller with a control mean not clearly above
        zero); `lower` and `upper` are then infinite.
    """

    estimate: Numeric
    standard_error: Numeric
    statistic: Numeric
    p_value: Numeric
    lower: Numeric
    upper: Numeric
    df: Numeric
    alpha: float
    alternative: Alternative
    null: float
    scale: EffectScale
    method: str
    control: Numeric
    treatment: Numeric
    n_control: Numeric
    n_treatment: Numeric
    bounded: Any = True

    @property
    def significant(self) -> Any:
        """Whether the p value is below alpha."""
        return np.less(self.p_value, self.alpha) if np.ndim(self.p_value) else bool(self.p_value < self.alpha)

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON: infinite numbers become null, arrays become lists."""

        def clean(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return [clean(item) for item in value.tolist()]
            return None if isinstance(value, float) and not np.isfinite(value) else value

        return {name: clean(value) for name, value in asdict(self).items()}


def welch_degrees(
    variance_control: Numeric, variance_treatment: Numeric, n_control: Numeric, n_treatment: Numeric
) -> Numeric:
    """Welch-Satterthwaite degrees of freedom of a sum of two squared standard errors.

    Where both are zero the result is n_control + n_treatment - 2; callers refuse that case before using it.
    """
    total = np.asarray(variance_control, dtype=np.float64) + variance_treatment
    safe = np.where(total > 0, total, 1.0)
    # Shares instead of raw squares: variances of 1e-170 would underflow when squared.
    share_control, share_treatment = variance_control / safe, variance_treatment / safe
    spread = np.square(share_control) / (np.asarray(n_control) - 1) + np.square(share_treatment) / (
        np.asarray(n_treatment) - 1
    )
    pooled = np.asarray(n_control, dtype=np.float64) + n_treatment - 2
    return plain(np.where(total > 0, 1 / np.where(total > 0, spread, 1.0), pooled))


def difference(
    arms: ArmEstimates, *, alpha: float = 0.05, alternative: Alternative = "two-sided", null: float = 0.0
) -> Effect:
    """Treatment minus control, with t (or z) test and the matching interval.

    The interval excludes `null` exactly when the p value is below alpha.

    Parameters
    ----------
    arms : ArmEstimates
        From `means`, `proportions`, `ratios`, `clustered`, `cuped` or `post_stratified`.
    alpha : float
        Error rate of the test; 1 - alpha is the confidence level.
    alternative : str
        greater: treatment above control by more than `null`; the interval is then [lower, inf).
    null : float
        Difference under the null hypothesis, in the unit of the metric.

    Returns
    -------
    Effect
        On the absolute scale.

    Raises
    ------
    JourneyError
        When neither arm varies: the standard error is zero and nothing can be tested.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    reference = float(numeric("null", null))
    variance = arms.variance_difference
    refuse(
        np.less_equal(variance, 0),
        "neither arm varies, so the standard error of the difference is zero and it cannot be tested",
    )
    estimate = np.asarray(arms.treatment) - arms.control
    error = np.sqrt(variance)
    statistic = plain((estimate - reference) / error)
    lower, upper = symmetric_interval(plain(estimate), plain(error), arms.df, alpha, alternative)
    return Effect(
        estimate=plain(estimate),
        standard_error=plain(error),
        statistic=statistic,
        p_value=p_value(statistic, arms.df, alternative),
        lower=lower,
        upper=upper,
        df=arms.df,
        alpha=alpha,
        alternative=alternative,
        null=reference,
        scale=EffectScale.ABSOLUTE,
        method=arms.source,
        control=arms.control,
        treatment=arms.treatment,
        n_control=arms.n_control,
        n_treatment=arms.n_treatment,
    )
