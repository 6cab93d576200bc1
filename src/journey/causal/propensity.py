"""Propensity scores, and whether the two arms overlap enough to compare them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.glm import Link, fit_regression, inverse_link, with_intercept
from journey.causal.study import (
    BoolArray,
    Estimand,
    FloatArray,
    IntArray,
    checked_study,
    checked_treatment,
    is_over_untreated,
)
from journey.errors import JourneyError


@dataclass(frozen=True)
class Propensity:
    """Probability of treatment given the covariates.

    Attributes
    ----------
    scores
        One probability per row, strictly between 0 and 1.
    gradient
        Derivative of each score in the parameters of the model, shape (n, k), when the scores come from a
        parametric model fitted to the same rows. Methods use it to account for the scores being estimated,
        which usually narrows intervals. None for cross-fitted or known scores.
    """

    scores: FloatArray
    gradient: FloatArray | None = None

    @property
    def mirrored(self) -> Propensity:
        """Probability of no treatment."""
        return Propensity(1 - self.scores, None if self.gradient is None else -self.gradient)

    @property
    def logit(self) -> FloatArray:
        """Log odds of treatment."""
        return np.asarray(np.log(self.scores / (1 - self.scores)))

    def likelihood_scores(self, treated: BoolArray) -> tuple[FloatArray, FloatArray] | None:
        """Score vector of each row (n, k) and the information matrix (k, k); None without a gradient."""
        if self.gradient is None:
            return None
        variance = self.scores * (1 - self.scores)
        score = self.gradient * ((treated - self.scores) / variance)[:, None]
        return score, self.gradient.T @ (self.gradient / variance[:, None]) / len(self.scores)


@dataclass(frozen=True)
class Overlap:
    """How far the two arms share the range of the propensity score.

    `treated` and `control` count rows per histogram bin between `edges`. `outside` is the share of rows with
    a score below `bound` or above 1 - `bound` (Crump et al. 2009 suggest 0.1). The effective sample sizes are
    Kish's (sum w)^2 / sum w^2 of the inverse-probability weights in each arm; `largest_weight_share` is the
    part of an arm's total weight on its heaviest row.
    """

    edges: FloatArray
    treated: IntArray
    control: IntArray
    lowest: float
    highest: float
    bound: float
    outside: float
    effective_treated: float
    effective_control: float
    n_treated: int
    n_control: int
    largest_weight_share: float


def known_propensity(scores: ArrayLike) -> Propensity:
    """Wrap known probabilities of treatment (a designed experiment)."""
    return Propensity(_open_interval(np.asarray(scores, dtype=float)))


def fit_propensity(treatment: ArrayLike, covariates: ArrayLike, *, link: Link = "logit") -> Propensity:
    """Fit a logistic (or probit) propensity model to all rows by maximum likelihood.

    Parameters
    ----------
    treatment
        0/1, shape (n,).
    covariates
        Shape (n, p); an intercept is added.

    Raises
    ------
    JourneyError
        As `checked_study`, for the identity link, and when the fit does not converge.
    """
    if link == "identity":
        raise JourneyError("A propensity model needs a logit or probit link.")
    study = checked_study(np.zeros(len(np.asarray(treatment))), treatment, covariates)
    design = with_intercept(study.covariates)
    model = fit_regression(design, study.treated.astype(float), link)
    scores, slope = inverse_link(design @ model.coefficients, link)
    return Propensity(_open_interval(scores), design * slope[:, None])


def inverse_probability_weights(
    treatment: ArrayLike, propensity: Propensity, *, estimand: Estimand = "ATE", trim: float = 0.0
) -> FloatArray:
    """Weights that make each arm resemble the estimand's population; 0 where trimmed.

    ATE: 1 / score for the treated and 1 / (1 - score) for the others. ATT: 1 and score / (1 - score). ATC:
    (1 - score) / score and 1.
    """
    score = propensity.scores
    treated = checked_treatment(treatment, len(score))
    if is_over_untreated(estimand):
        return inverse_probability_weights(~treated, propensity.mirrored, estimand="ATT", trim=trim)
    kept = within_trim(score, trim)
    if estimand == "ATE":
        weight = np.where(treated, 1 / score, 1 / (1 - score))
    else:
        weight = np.where(treated, 1.0, score / (1 - score))
    return np.where(kept, weight, 0.0)


def within_trim(scores: FloatArray, trim: float) -> BoolArray:
    """Rows whose score lies within [trim, 1 - trim].

    Raises
    ------
    JourneyError
        When `trim` is outside [0, 0.5), or no score lies within its bounds.
    """
    if not 0 <= trim < 0.5:
        raise JourneyError(f"Trimming bound {trim} must lie in [0, 0.5).")
    kept = (scores >= trim) & (scores <= 1 - trim)
    if not kept.any():
        raise JourneyError(f"No propensity score lies within [{trim}, {1 - trim}]; the arms do not overlap.")
    return kept


def overlap(
    treatment: ArrayLike,
    propensity: Propensity,
    *,
    bins: int = 20,
    bound: float = 0.1,
    estimand: Estimand = "ATE",
) -> Overlap:
    """Describe the overlap of the two arms."""
    score = propensity.scores
    treated = checked_treatment(treatment, len(score))
    edges = np.linspace(0, 1, bins + 1)
    weight = inverse_probability_weights(treated, propensity, estimand=estimand)
    arms = (weight[treated], weight[~treated])
    return Overlap(
        edges=edges,
        treated=np.histogram(score[treated], edges)[0],
        control=np.histogram(score[~treated], edges)[0],
        lowest=float(score.min()),
        highest=float(score.max()),
        bound=bound,
        outside=float(((score < bound) | (score > 1 - bound)).mean()),
        effective_treated=effective_sample_size(arms[0]),
        effective_control=effective_sample_size(arms[1]),
        n_treated=int(treated.sum()),
        n_control=int((~treated).sum()),
        largest_weight_share=float(max(arm.max() / arm.sum() for arm in arms)),
    )


def effective_sample_size(weights: ArrayLike) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2."""
    w = np.asarray(weights, dtype=float)
    return float(w.sum() ** 2 / (w**2).sum())


def _open_interval(scores: FloatArray) -> FloatArray:
    outside = int((~((scores > 0) & (scores < 1))).sum())
    if outside:
        raise JourneyError(
            f"{outside} of {len(scores)} propensity scores are not strictly between 0 and 1; "
            "some rows could only ever be in one arm. Drop them or simplify the model."
        )
    return scores
