"""Two arms, their estimates and covariance; from them the difference, with test and interval.

Every method of the engine (means, proportions, ratios, clusters, CUPED, post-stratification) ends in an
`ArmEstimates`: what each arm's mean is and how uncertain, together. What is asked of it afterwards is the
same for all: `difference`, `relative_lift`, `equivalence`, `confidence_sequence`, `heterogeneity`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from journey.experiments.inputs import (
    Alternative,
    EffectScale,
    Numeric,
    Scale,
    beyond_rounding,
    check_alpha,
    check_alternative,
    numeric,
    p_value,
    plain,
    refuse,
    symmetric_interval,
)
from journey.experiments.score import Conversions, with_sparse_cells
from journey.inference.estimate import Estimate


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
    conversions : Conversions, optional
        Counts behind the rates when the metric is yes or no: small cells then get methods of their own.
    base : str
        What `control` is, where that needs saying: a lift is a share of it.
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
    conversions: Conversions | None = field(default=None, kw_only=True)
    base: str = field(default="", kw_only=True)

    def check_variation(self, what: str) -> None:
        """Refuse arms of which one does not vary: its mean would count as known exactly.

        `what` says what cannot be had then.
        """
        parts = (self.variance_control, self.variance_treatment, self.variance_difference)
        refuse(
            np.less_equal(np.minimum.reduce(np.broadcast_arrays(*parts)), 0),
            f"an arm does not vary, so its mean would count as known exactly and {what}; "
            "wait for more data or compare shares of units with `proportions`",
        )

    @property
    def variance_difference(self) -> Numeric:
        """Sampling variance of treatment minus control."""
        both, shared = (
            np.asarray(self.variance_control) + self.variance_treatment,
            2 * np.asarray(self.covariance),
        )
        return plain(beyond_rounding(both - shared, both + np.abs(shared)))


@dataclass(frozen=True)
class Effect:
    """An estimated effect of treatment against control.

    Attributes
    ----------
    estimate : float or array
        Difference (unit of the metric) or relative lift (0.10 is +10%).
    standard_error, statistic, p_value : float or array
        Standard error, test statistic and p value against `null`.
    low, high : float or array
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
        zero); `low` and `high` are then infinite.
    """

    estimate: Numeric
    standard_error: Numeric
    statistic: Numeric
    p_value: Numeric
    low: Numeric
    high: Numeric
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

    @classmethod
    def of(
        cls,
        arms: ArmEstimates,
        *,
        estimate: Any,
        error: Any,
        statistic: Any,
        bounds: tuple[Any, Any],
        alpha: float,
        alternative: Alternative,
        method: str,
        scale: Scale = "absolute",
        null: float = 0.0,
        df: Any = None,
        p: Any = None,
        bounded: Any = True,
    ) -> Effect:
        """An effect between two arms, with all that follows from the arms and the statistic.

        `df` is that of the arms unless given, and the p value that of the statistic.
        """
        freedom = arms.df if df is None else plain(np.broadcast_to(df, np.shape(estimate)))
        return cls(
            estimate=plain(estimate),
            standard_error=plain(error),
            statistic=plain(statistic),
            p_value=p_value(plain(statistic), freedom, alternative) if p is None else plain(p),
            low=plain(bounds[0]),
            high=plain(bounds[1]),
            df=freedom,
            alpha=alpha,
            alternative=alternative,
            null=null,
            scale=EffectScale(scale),
            method=method,
            control=arms.control,
            treatment=arms.treatment,
            n_control=arms.n_control,
            n_treatment=arms.n_treatment,
            bounded=bounded if np.ndim(bounded) else bool(bounded),
        )

    def as_estimate(self) -> Estimate:
        """The effect of one experiment with its interval, as the ledger takes it; n counts both arms."""
        n = int(self.n_control + self.n_treatment)
        bounds = float(self.low), float(self.high)
        return Estimate(float(self.estimate), *bounds, level=1 - self.alpha, n=n, method=self.method)

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

    The interval excludes `null` exactly when the p value is below alpha; only where a cell of two conversion
    rates is small, and exact and score methods take over (`experiments.score`), can they differ at the edge.

    Parameters
    ----------
    arms : ArmEstimates
        From `means`, `proportions`, `ratios`, `clustered`, `cuped` or `post_stratified`.
    alpha : float
        Error rate of the test; 1 - alpha is the confidence level.
    alternative : str
        greater: treatment above control by more than `null`; the interval is then [low, inf).
    null : float
        Difference under the null hypothesis, in the unit of the metric.

    Returns
    -------
    Effect
        On the absolute scale.

    Raises
    ------
    JourneyError
        When an arm does not vary: its mean would be taken as known exactly.
    """
    check_alpha(alpha)
    check_alternative(alternative)
    reference = float(numeric("null", null))
    arms.check_variation("the difference cannot be tested")
    estimate = np.asarray(arms.treatment) - arms.control
    error = np.sqrt(arms.variance_difference)
    effect = Effect.of(
        arms,
        estimate=estimate,
        error=error,
        statistic=(estimate - reference) / error,
        bounds=symmetric_interval(plain(estimate), plain(error), arms.df, alpha, alternative),
        alpha=alpha,
        alternative=alternative,
        method=arms.source,
        null=reference,
    )
    return effect if arms.conversions is None else with_sparse_cells(effect, arms.conversions)
