"""Does anything predict the outcome? Out-of-fold area under the curve and its permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from xgboost import XGBClassifier

from journey.models.discrimination import RocAuc, roc_auc


@dataclass(frozen=True)
class PermutationTest:
    """Observed area under the curve against its distribution when outcomes are shuffled.

    `p_value` is (1 + number of shuffles at least as good) / (1 + number of shuffles).
    """

    observed: RocAuc
    shuffled: NDArray[np.float64]
    p_value: float


def encode(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Columns as numbers, text columns as category codes in sorted order; shape (n, columns)."""
    columns = [
        column.to_numpy(dtype=np.float64)
        if pd.api.types.is_numeric_dtype(column)
        else column.astype("category").cat.codes.to_numpy(dtype=np.float64)
        for _, column in frame.items()
    ]
    return np.column_stack(columns)


def out_of_fold(
    features: NDArray[np.float64], outcome: NDArray[np.bool_], *, folds: int, seed: int
) -> NDArray[np.float64]:
    """Score every row by a boosted-tree model that did not see it; shape (n,).

    Small trees, fixed size: the question is whether there is any signal, not how much can be squeezed.
    """
    scores = np.empty(len(outcome))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, outcome):
        model = XGBClassifier(
            n_estimators=40,
            max_depth=3,
            learning_rate=0.15,
            tree_method="hist",
            max_bin=64,
            n_jobs=1,
            random_state=seed,
        )
        model.fit(features[train], outcome[train])
        scores[test] = model.predict_proba(features[test])[:, 1]
    return scores


def permutation_test(
    features: NDArray[np.float64], outcome: NDArray[np.bool_], *, shuffles: int, folds: int = 5, seed: int
) -> PermutationTest:
    """Test the hypothesis that no feature carries information about the outcome.

    Parameters
    ----------
    features
        (n, k) numbers.
    outcome
        (n,) booleans.
    shuffles
        Number of random relabellings, each with its own refit.

    Notes
    -----
    Ojala & Garriga (2010), "Permutation tests for studying classifier performance", test 1.
    """
    observed = roc_auc(outcome, out_of_fold(features, outcome, folds=folds, seed=seed))
    rng = np.random.default_rng(seed)
    shuffled = np.empty(shuffles)
    for index in range(shuffles):
        relabelled = rng.permutation(outcome)
        scores = out_of_fold(features, relabelled, folds=folds, seed=seed)
        shuffled[index] = roc_auc(relabelled, scores).value
    p_value = (1 + int((shuffled >= observed.value).sum())) / (1 + shuffles)
    return PermutationTest(observed, shuffled, p_value)
