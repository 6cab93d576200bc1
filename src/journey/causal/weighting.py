"""Inverse probability weighting and its doubly robust augmentation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.nuisance import ModelFactory, assign_folds, cross_fit
from journey.causal.propensity import Propensity, inverse_probability_weights, within_trim
from journey.causal.study import (
    BoolArray,
    CausalEffect,
    Estimand,
    FloatArray,
    Study,
    checked_study,
    effect_from_influence,
    over_untreated,
)
from journey.errors import JourneyError


def inverse_probability_weighting(
    outcome: ArrayLike,
    treatment: ArrayLike,
    propensity: Propensity,
    *,
    estimand: Estimand = "ATE",
    trim: float = 0.01,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> CausalEffect:
    """Compare arms weighted to the same covariates (Hajek: weights normalised within each arm).

    Parameters
    ----------
    propensity
        From `fit_propensity` (the interval then accounts for the scores being estimated, as in the stacked
        estimating equations of Lunceford and Davidian 2004), or `known_propensity`.
    trim
        Rows with a score below `trim` or above 1 - `trim` are dropped and counted in `n_dropped`; the effect
        is then one over the rest.
    """
    untreated = over_untreated(
        estimand,
        treatment,
        lambda swapped: inverse_probability_weighting(
            outcome, swapped, propensity.mirrored, estimand="ATT", trim=trim, clusters=clusters, level=level
        ),
    )
    if untreated:
        return untreated
    study = checked_study(outcome, treatment, clusters=clusters)
    kept = _kept_rows(study, propensity.scores, trim)
    weight = inverse_probability_weights(study.treated, propensity, estimand=estimand, trim=trim)
    means: list[float] = []
    influences: list[FloatArray] = []
    for arm in (True, False):
        arm_weight = np.where(study.treated == arm, weight, 0.0)
        mean = float((arm_weight * study.outcome).sum() / arm_weight.sum())
        influence = arm_weight * (study.outcome - mean) / arm_weight.mean()
        sensitivity = _weight_gradient(study, propensity, estimand, arm, kept)
        fitted = propensity.likelihood_scores(study.treated)
        if fitted is not None and sensitivity is not None:
            score, information = fitted
            moved = ((study.outcome - mean) @ sensitivity) / arm_weight.sum()
            influence = influence + score @ (np.linalg.pinv(information, hermitian=True) @ moved)
        means.append(mean)
        influences.append(influence)
    return effect_from_influence(
        "inverse probability weighting",
        estimand,
        study,
        (means[0], means[1]),
        (influences[0], influences[1]),
        kept=kept,
        level=level,
    )


def augmented_weighting(
    outcome: ArrayLike,
    treatment: ArrayLike,
    propensity: Propensity,
    treated_prediction: ArrayLike,
    control_prediction: ArrayLike,
    *,
    estimand: Estimand = "ATE",
    trim: float = 0.01,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> CausalEffect:
    """Doubly robust (augmented inverse probability weighted) effect from given predictions.

    Parameters
    ----------
    treated_prediction, control_prediction
        Predicted outcome of every row with and without treatment, shape (n,), ideally cross-fitted.
        `treated_prediction` is not used for the ATT, `control_prediction` not for the ATC.

    Raises
    ------
    JourneyError
        As `checked_study`, when there is not one score and one prediction of each kind per row, for an
        unknown estimand, a `trim` outside [0, 0.5) or a level outside (0, 1), and when an arm keeps fewer
        than two rows.

    Notes
    -----
    Robins, Rotnitzky and Zhao (1994). Consistent when the propensity or the outcome predictions are right;
    the interval treats both as known, which is valid when they are cross-fitted and both converge
    (Chernozhukov et al. 2018).
    """
    untreated = over_untreated(
        estimand,
        treatment,
        lambda swapped: augmented_weighting(
            outcome,
            swapped,
            propensity.mirrored,
            control_prediction,
            treated_prediction,
            estimand="ATT",
            trim=trim,
            clusters=clusters,
            level=level,
        ),
    )
    if untreated:
        return untreated
    study = checked_study(outcome, treatment, clusters=clusters)
    with_it, without = (np.asarray(p, dtype=float) for p in (treated_prediction, control_prediction))
    if with_it.shape != (study.n,) or without.shape != (study.n,):
        raise JourneyError(f"Predictions must hold one value for each of the {study.n} rows.")
    score, treated = propensity.scores, study.treated
    kept = _kept_rows(study, score, trim)
    if estimand == "ATE":
        base = kept.astype(float)
        parts = [
            with_it + treated * (study.outcome - with_it) / score,
            without + ~treated * (study.outcome - without) / (1 - score),
        ]
    else:
        base = (kept & treated).astype(float)
        odds = score / (1 - score)
        parts = [study.outcome * treated, treated * without + ~treated * odds * (study.outcome - without)]
    means = [float(part[kept].sum() / base.sum()) for part in parts]
    influences = [
        np.where(kept, part - mean * base, 0.0) / base.mean() for part, mean in zip(parts, means, strict=True)
    ]
    return effect_from_influence(
        "doubly robust",
        estimand,
        study,
        (means[0], means[1]),
        (influences[0], influences[1]),
        kept=kept,
        level=level,
    )


def doubly_robust(
    outcome: ArrayLike,
    treatment: ArrayLike,
    covariates: ArrayLike,
    *,
    outcome_factory: ModelFactory,
    propensity_factory: ModelFactory,
    estimand: Estimand = "ATE",
    folds: int = 5,
    seed: int = 0,
    trim: float = 0.01,
    clip: float = 1e-3,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> CausalEffect:
    """Doubly robust effect with cross-fitted nuisance models (double machine learning).

    Parameters
    ----------
    outcome_factory
        Returns a new classifier (binary outcome) or regressor; fitted in each arm.
    propensity_factory
        Returns a new classifier of treatment.
    folds, seed
        Rows, or whole clusters, are dealt to `folds` folds; each is predicted by models fitted on the others.
    clip
        Predicted scores are held within [clip, 1 - clip] before trimming.
    """
    untreated = over_untreated(
        estimand,
        treatment,
        lambda swapped: doubly_robust(
            outcome,
            swapped,
            covariates,
            estimand="ATT",
            outcome_factory=outcome_factory,
            propensity_factory=propensity_factory,
            folds=folds,
            seed=seed,
            trim=trim,
            clip=clip,
            clusters=clusters,
            level=level,
        ),
    )
    if untreated:
        return untreated
    study = checked_study(outcome, treatment, covariates, clusters)
    fold = assign_folds(study.treated, study.clusters, study.n_clusters, folds, seed)
    raw = cross_fit(propensity_factory, study.covariates, study.treated.astype(float), fold)
    without = cross_fit(outcome_factory, study.covariates, study.outcome, fold, ~study.treated)
    with_it = without
    if estimand == "ATE":
        with_it = cross_fit(outcome_factory, study.covariates, study.outcome, fold, study.treated)
    return augmented_weighting(
        study.outcome,
        study.treated,
        Propensity(np.clip(raw, clip, 1 - clip)),
        with_it,
        without,
        estimand=estimand,
        trim=trim,
        clusters=clusters,
        level=level,
    )


def _kept_rows(study: Study, scores: FloatArray, trim: float) -> BoolArray:
    if scores.shape != (study.n,):
        raise JourneyError(
            f"There are {len(scores)} propensity scores for {study.n} rows; one per row is needed."
        )
    kept = within_trim(scores, trim)
    for arm, name in ((True, "treated"), (False, "untreated")):
        if (kept & (study.treated == arm)).sum() < 2:
            raise JourneyError(
                f"Fewer than two {name} rows of {study.n} have a score within [{trim}, {1 - trim}]; "
                "the arms do not overlap. Trim less or compare other groups."
            )
    return kept


def _weight_gradient(
    study: Study, propensity: Propensity, estimand: Estimand, arm: bool, kept: BoolArray
) -> FloatArray | None:
    """Derivative of each row's weight in the parameters of the propensity model, shape (n, k)."""
    if propensity.gradient is None:
        return None
    score = propensity.scores
    if estimand == "ATE":
        factor = -1 / score**2 if arm else 1 / (1 - score) ** 2
    else:
        factor = np.zeros_like(score) if arm else 1 / (1 - score) ** 2
    return propensity.gradient * (factor * kept * (study.treated == arm))[:, None]
