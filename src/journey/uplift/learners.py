"""S-, T-, X- and DR-learner over any scikit-learn-like base model.

Sources: Kunzel, Sekhon, Bickel and Yu (2019), PNAS 116:4156 (S, T, X); Kennedy (2023), "Towards optimal
doubly robust estimation of heterogeneous causal effects" (DR).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from journey.causal.nuisance import (
    ConstantModel,
    ModelFactory,
    assign_folds,
    cross_fit,
    fit_model,
    predicted_mean,
)
from journey.causal.study import FloatArray, IntArray, Study, checked_study
from journey.errors import JourneyError

Learner = Literal["S", "T", "X", "DR"]
LEARNERS: tuple[Learner, ...] = get_args(Learner)


@dataclass(frozen=True)
class BaseModels:
    """Factories a learner builds on.

    Attributes
    ----------
    name
        Shown in results.
    response
        New classifier (binary outcome) or regressor (numeric outcome) of the outcome.
    effect
        New regressor of the effect, for the second stage of X and DR.
    interactions
        Give the S-learner the products of treatment and covariates. A linear model needs them: without them
        it can only rank by the outcome itself.
    """

    name: str
    response: ModelFactory
    effect: ModelFactory
    interactions: bool = False


@dataclass(frozen=True)
class UpliftScores:
    """Out-of-fold predictions of one learner.

    `effect` is the predicted uplift of each person, shape (n,); `treated_mean` and `control_mean` the
    predicted outcomes (for X and DR the effect is modelled apart and need not be their difference). `fold`
    tells which model scored the person: one that never saw the person's unit.
    """

    learner: Learner
    base: str
    effect: FloatArray
    treated_mean: FloatArray
    control_mean: FloatArray
    fold: IntArray


def logistic_base(seed: int = 0) -> BaseModels:
    """Logistic regression on standardised covariates, with ridge regression for the effect."""
    return BaseModels(
        name="logistic regression",
        response=lambda: make_pipeline(
            # Newton's method reaches the same optimum on every machine.
            StandardScaler(),
            LogisticRegression(solver="newton-cholesky", tol=1e-8, random_state=seed),
        ),
        effect=lambda: make_pipeline(StandardScaler(), Ridge(alpha=1.0)),
        interactions=True,
    )


def xgboost_base(seed: int = 0, *, trees: int = 80, depth: int = 3, numeric: bool = False) -> BaseModels:
    """Small, slowly learning gradient-boosted trees; uplift is a weak signal that deep trees overfit.

    Parameters
    ----------
    numeric
        Use a regressor of the outcome (spend) instead of a classifier.
    """
    settings = {
        "n_estimators": trees,
        "max_depth": depth,
        "learning_rate": 0.08,
        "min_child_weight": 20,
        "subsample": 0.8,
        "tree_method": "hist",
        "n_jobs": 1,
        "random_state": seed,
    }
    response = XGBRegressor if numeric else XGBClassifier
    # A regression tree's child weight counts rows; a classifier's counts p (1 - p).
    effect_settings = settings | {"min_child_weight": 200}
    return BaseModels(
        name="XGBoost",
        response=lambda: response(**(effect_settings if numeric else settings)),
        effect=lambda: XGBRegressor(**effect_settings),
    )


@dataclass(frozen=True)
class UpliftModel:
    """A fitted learner; `predict` scores new people."""

    learner: Learner
    base: BaseModels
    responses: tuple[tuple[Any, Any], ...]
    effects: tuple[Any, ...]
    propensity: Any

    def predict(self, covariates: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Predicted effect, outcome with treatment and outcome without, each of shape (n,)."""
        x = np.asarray(covariates, dtype=float)
        if self.learner == "S":
            model = self.responses[0][0]
            with_it, without = (
                predicted_mean(model, _with_treatment(x, np.full(len(x), arm), self.base.interactions))
                for arm in (1.0, 0.0)
            )
            return with_it - without, with_it, without
        pairs = [(predicted_mean(a, x), predicted_mean(b, x)) for a, b in self.responses]
        with_it, without = (np.mean([pair[i] for pair in pairs], axis=0) for i in (0, 1))
        if self.learner == "T":
            return with_it - without, with_it, without
        if self.learner == "DR":
            return predicted_mean(self.effects[0], x), with_it, without
        score = predicted_mean(self.propensity, x)
        from_treated, from_control = (predicted_mean(model, x) for model in self.effects)
        return score * from_control + (1 - score) * from_treated, with_it, without


def fit_uplift(
    learner: Learner,
    base: BaseModels,
    covariates: ArrayLike,
    treatment: ArrayLike,
    outcome: ArrayLike,
    *,
    propensity: float | ModelFactory | None = None,
    seed: int = 0,
    inner_folds: int = 3,
    clusters: ArrayLike | None = None,
) -> UpliftModel:
    """Fit one learner to one sample.

    Parameters
    ----------
    learner
        `S`: one model with treatment as a covariate. `T`: one model per arm. `X`: imputes each person's
        effect from the other arm's model and weights the two effect models by the propensity. `DR`: regresses
        the doubly robust score, whose nuisance models are cross-fitted over `inner_folds`.
    covariates
        Shape (n, p), known before treatment.
    treatment, outcome
        Shape (n,).
    propensity
        Probability of treatment if known; None for the treated share (a randomised experiment); a factory of
        classifiers to estimate it (observational data). Used by X and DR.
    seed
        Seeds the inner folds; the base models carry their own seeds.

    Raises
    ------
    JourneyError
        As `checked_study`, for an unknown learner, under X and DR for a propensity that is not strictly
        between 0 and 1, and under DR as `assign_folds`.
    """
    if learner not in LEARNERS:
        raise JourneyError(f"Unknown learner '{learner}'; choose one of {', '.join(LEARNERS)}.")
    study = checked_study(outcome, treatment, covariates, clusters)
    x, y, treated = study.covariates, study.outcome, study.treated
    if learner == "S":
        table = _with_treatment(x, treated.astype(float), base.interactions)
        return UpliftModel("S", base, ((fit_model(base.response, table, y), None),), (), None)
    if learner == "DR":
        return _fit_doubly_robust(base, study, propensity, seed, inner_folds)
    pair = (
        fit_model(base.response, x[treated], y[treated]),
        fit_model(base.response, x[~treated], y[~treated]),
    )
    if learner == "T":
        return UpliftModel("T", base, (pair,), (), None)
    gained = y[treated] - predicted_mean(pair[1], x[treated])
    foregone = predicted_mean(pair[0], x[~treated]) - y[~treated]
    effects = (fit_model(base.effect, x[treated], gained), fit_model(base.effect, x[~treated], foregone))
    return UpliftModel("X", base, (pair,), effects, _propensity_model(study, propensity))


def cross_fit_uplift(
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
) -> UpliftScores:
    """Score everyone with a learner fitted on the other folds.

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
    for held_out in range(folds):
        learn, rows = fold != held_out, fold == held_out
        model = fit_uplift(
            learner,
            base,
            study.covariates[learn],
            study.treated[learn],
            study.outcome[learn],
            propensity=propensity,
            seed=seed + 1 + held_out,
            inner_folds=inner_folds,
            clusters=study.clusters[learn],
        )
        predictions[:, rows] = model.predict(study.covariates[rows])
    return UpliftScores(learner, base.name, predictions[0], predictions[1], predictions[2], fold)


def _with_treatment(x: FloatArray, arm: FloatArray, interactions: bool) -> FloatArray:
    return np.column_stack([x, arm, x * arm[:, None]] if interactions else [x, arm])


def _propensity_model(study: Study, propensity: float | ModelFactory | None) -> Any:
    if callable(propensity):
        return fit_model(propensity, study.covariates, study.treated.astype(float))
    value = float(study.treated.mean()) if propensity is None else float(propensity)
    if not 0 < value < 1:
        raise JourneyError(f"Propensity {value} must lie strictly between 0 and 1.")
    return ConstantModel(value)


def _fit_doubly_robust(
    base: BaseModels, study: Study, propensity: float | ModelFactory | None, seed: int, inner_folds: int
) -> UpliftModel:
    x, y, treated = study.covariates, study.outcome, study.treated
    fold = assign_folds(treated, study.clusters, study.n_clusters, inner_folds, seed)
    with_it, without = np.empty(study.n), np.empty(study.n)
    pairs = []
    for held_out in range(inner_folds):
        learn, rows = fold != held_out, fold == held_out
        pair = tuple(fit_model(base.response, x[learn & arm], y[learn & arm]) for arm in (treated, ~treated))
        with_it[rows], without[rows] = (predicted_mean(model, x[rows]) for model in pair)
        pairs.append((pair[0], pair[1]))
    if callable(propensity):
        score = np.clip(cross_fit(propensity, x, treated.astype(float), fold), 0.01, 0.99)
    else:
        score = predicted_mean(_propensity_model(study, propensity), x)
    pseudo = with_it - without + treated * (y - with_it) / score - ~treated * (y - without) / (1 - score)
    return UpliftModel("DR", base, tuple(pairs), (fit_model(base.effect, x, pseudo),), None)
