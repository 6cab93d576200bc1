"""Scores for an honest evaluation: each part of the people is scored by a model of the parts before it.

Cross-fitting scores everybody, but its folds are not independent: what fold 1 says about the model of fold 2
is said again by fold 2 about the model of fold 1. Where the signal is weak, errors of the folds are therefore
correlated, and a bootstrap that holds the scores fixed does not see it: intervals are too narrow. When models
learn only from earlier folds, the errors are uncorrelated (a martingale), and fixed scores are enough.
Source: Wager (2024), "Sequential validation of treatment heterogeneity", arXiv:2405.05534, after Luedtke and
van der Laan (2016), Annals of Statistics 44:713.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from journey.causal.nuisance import ModelFactory, assign_folds
from journey.causal.study import FloatArray, IntArray, checked_study
from journey.errors import JourneyError
from journey.uplift.learners import BaseModels, Learner, fit_uplift
from journey.uplift.ranking import without_noise


@dataclass(frozen=True)
class SequentialScores:
    """Predictions of one learner for all people but those of the first fold.

    Attributes
    ----------
    fold
        Fold of every person, 0 .. folds - 1, shape (n,).
    rows
        People who are scored, those with fold > 0, ascending, shape (m,).
    effect, treated_mean, control_mean
        Predicted uplift and outcomes of these people, shape (m,), by a model of the folds before theirs.
    """

    learner: Learner
    base: str
    fold: IntArray
    rows: IntArray
    effect: FloatArray
    treated_mean: FloatArray
    control_mean: FloatArray

    @property
    def ranking(self) -> FloatArray:
        """Place of each scored person's effect within the fold, between 0 and 1, shape (m,)."""
        return rank_within(self.effect, self.fold[self.rows])


def sequential_uplift(
    learner: Learner,
    base: BaseModels,
    covariates: ArrayLike,
    treatment: ArrayLike,
    outcome: ArrayLike,
    *,
    propensity: float | ModelFactory | None = None,
    folds: int = 5,
    seed: int = 0,
    inner_folds: int = 3,
    clusters: ArrayLike | None = None,
) -> SequentialScores:
    """Score fold k with a learner fitted on the folds 0 .. k - 1.

    Parameters
    ----------
    folds, seed, clusters
        Rows, or whole clusters, are dealt to folds at random, treated people evenly.
    Others
        As in `fit_uplift`.
    """
    study = checked_study(outcome, treatment, covariates, clusters)
    fold = assign_folds(study.treated, study.clusters, study.n_clusters, folds, seed)
    predictions = np.empty((3, study.n))
    for place in range(1, folds):
        learn, rows = fold < place, fold == place
        model = fit_uplift(
            learner,
            base,
            study.covariates[learn],
            study.treated[learn],
            study.outcome[learn],
            propensity=propensity,
            seed=seed + 1 + place,
            inner_folds=inner_folds,
            clusters=study.clusters[learn],
        )
        predictions[:, rows] = model.predict(study.covariates[rows])
    scored = np.flatnonzero(fold > 0)
    effect, with_it, without = predictions[:, scored]
    return SequentialScores(learner, base.name, fold, scored, effect, with_it, without)


def rank_within(score: ArrayLike, group: ArrayLike) -> FloatArray:
    """Place of each score within its group, between 0 and 1, shape (n,); equal scores share a place.

    Scores of different models have different levels and spreads; their places can be compared.

    Raises
    ------
    JourneyError
        When scores and groups are not vectors of one length.
    """
    values, groups = np.asarray(score, dtype=float), np.asarray(group)
    if values.shape != groups.shape or values.ndim != 1:
        raise JourneyError(f"Scores {values.shape} and groups {groups.shape} must be one number per person.")
    place = np.empty(len(values))
    for each in np.unique(groups):
        rows = groups == each
        place[rows] = (stats.rankdata(without_noise(values[rows])) - 0.5) / rows.sum()
    return place
