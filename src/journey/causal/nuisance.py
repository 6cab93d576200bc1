"""Cross-fitted predictions from any scikit-learn-like model factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from journey.causal.study import BoolArray, FloatArray, IntArray
from journey.errors import JourneyError

ModelFactory = Callable[[], Any]
"""Returns a new, unfitted and seeded model with `fit(X, y)` and `predict_proba(X)` or `predict(X)`."""


def fit_model(factory: ModelFactory, covariates: FloatArray, target: FloatArray) -> Any:
    """Fit a new model; a target with a single value gives a constant model, which classifiers refuse."""
    if (target == target[0]).all():
        return ConstantModel(float(target[0]))
    return factory().fit(covariates, target)


def predicted_mean(model: Any, covariates: FloatArray) -> FloatArray:
    """Probability of class 1 for a classifier, prediction for a regressor, shape (n,)."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(covariates)[:, 1], dtype=float)
    return np.asarray(model.predict(covariates), dtype=float)


class ConstantModel:
    """Predicts one number."""

    def __init__(self, value: float) -> None:
        self.value = value

    def predict(self, covariates: FloatArray) -> FloatArray:
        """Return the number for every row."""
        return np.full(len(covariates), self.value)


def assign_folds(treated: BoolArray, clusters: IntArray, n_clusters: int, folds: int, seed: int) -> IntArray:
    """Fold of each row, 0 .. folds - 1; rows of one cluster share a fold.

    Clusters are dealt out at random after sorting them by their treated rows, so that every fold holds nearly
    the same number of clusters and of treated rows.

    Raises
    ------
    JourneyError
        When `folds` is below 2 or above the number of clusters.
    """
    if not 2 <= folds <= n_clusters:
        raise JourneyError(
            f"{folds} folds are impossible with {n_clusters} independent units; use 2 or more."
        )
    rng = np.random.default_rng(seed)
    treated_rows = np.bincount(clusters, weights=treated, minlength=n_clusters)
    order = np.lexsort((rng.random(n_clusters), treated_rows))
    fold_of_cluster = np.empty(n_clusters, dtype=np.int64)
    # Each block of `folds` neighbours in that order gets every fold once, in random order.
    blocks = -(-n_clusters // folds)
    dealt = rng.permuted(np.tile(np.arange(folds), (blocks, 1)), axis=1).ravel()[:n_clusters]
    fold_of_cluster[order] = dealt
    return fold_of_cluster[clusters]


def cross_fit(
    factory: ModelFactory,
    covariates: FloatArray,
    target: FloatArray,
    fold: IntArray,
    fit_rows: BoolArray | None = None,
) -> FloatArray:
    """Predict every row with a model fitted on the other folds.

    Parameters
    ----------
    fit_rows
        Rows a model may learn from (one arm, say); predictions are made for all rows. Default all.

    Raises
    ------
    JourneyError
        When a fold leaves no row to learn from.
    """
    allowed = np.ones(len(target), dtype=bool) if fit_rows is None else fit_rows
    predicted = np.empty(len(target))
    for held_out in np.unique(fold):
        learn = allowed & (fold != held_out)
        if not learn.any():
            raise JourneyError(f"No rows are left to learn from outside fold {held_out}; use fewer folds.")
        model = fit_model(factory, covariates[learn], target[learn])
        rows = fold == held_out
        predicted[rows] = predicted_mean(model, covariates[rows])
    return predicted
