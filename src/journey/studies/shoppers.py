"""UCI Online Shoppers: the same functions on real sessions, next to published numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.boosting import Setting, fit_boosting
from journey.models.ranked import rank_outcomes
from journey.models.resampling import oversampling_lesson
from journey.models.scores import bootstrap

Mask = NDArray[np.bool_]
Scorer = Callable[[Floats, Mask, Floats], Floats]

FOLDS, SEED = 5, 42
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TEXT = ("Month", "VisitorType")
CODES = ("OperatingSystems", "Browser", "Region", "TrafficType")
FIRST_TEST_MONTH = "Nov"

#: Many small trees, learned slowly: set by hand, and not searched.
SMALL = Setting(
    max_depth=4,
    min_child_weight=5.0,
    subsample=0.7,
    colsample_bytree=0.5,
    reg_lambda=1.0,
    learning_rate=0.03,
    rounds=400,
)


@dataclass(frozen=True)
class Quality:
    """ROC-AUC, PR-AUC and accuracy at one half, as means over folds."""

    roc_auc: Estimate
    pr_auc: Estimate
    accuracy: float


def one_hot(frame: pd.DataFrame, *, page_values: bool = True, month: bool = True) -> Floats:
    """Numbers as they are and one column for each value of the six code and text columns.

    Parameters
    ----------
    frame
        Sessions, as `journey.stores.datasets.load_online_shoppers` gives them.
    page_values, month
        Whether to keep `PageValues`, which the purchase itself partly sets, and `Month`.
    """
    left_out = ["Revenue"] + ["PageValues"] * (not page_values) + ["Month"] * (not month)
    kept = frame.drop(columns=left_out)
    wide = pd.get_dummies(kept, columns=[name for name in (*TEXT, *CODES) if name in kept])
    return wide.to_numpy(dtype=np.float64)


def logistic(train: Floats, outcome: Mask, test: Floats) -> Floats:
    """Scores of a logistic regression with default settings; 0/1 columns are not standardised."""
    flags = ((train == 0) | (train == 1)).all(axis=0)
    centre, scale = np.where(flags, 0.0, train.mean(axis=0)), np.where(flags, 1.0, train.std(axis=0))
    fitted = LogisticRegression(max_iter=1000).fit((train - centre) / scale, outcome)
    return fitted.predict_proba((test - centre) / scale)[:, 1]


def default_trees(train: Floats, outcome: Mask, test: Floats) -> Floats:
    """Scores of XGBoost with its default settings: 100 trees of depth 6, rate 0.3."""
    parameters = {"objective": "binary:logistic", "nthread": 1, "seed": SEED}
    booster = xgb.train(parameters, xgb.DMatrix(train, label=outcome.astype(float)), 100)
    return booster.predict(xgb.DMatrix(test)).astype(np.float64)


def small_trees(train: Floats, outcome: Mask, test: Floats) -> Floats:
    """Scores of XGBoost with the settings of `SMALL`."""
    names = [f"f{place}" for place in range(train.shape[1])]
    return fit_boosting(train, outcome, names, SMALL, seed=SEED).predict(test)


MODELS: dict[str, Scorer] = {
    "logistic, defaults": logistic,
    "XGBoost, defaults": default_trees,
    "XGBoost, small trees": small_trees,
}


def out_of_fold(features: Floats, outcome: Mask, scorer: Scorer) -> tuple[Floats, NDArray[np.int64]]:
    """Score each row by a model that did not see it; scores and fold of each row."""
    scores, fold = np.empty(len(outcome)), np.empty(len(outcome), dtype=np.int64)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, outcome)
    for number, (train, test) in enumerate(split):
        scores[test] = scorer(features[train], outcome[train], features[test])
        fold[test] = number
    return scores, fold


def fold_quality(outcome: Mask, scores: Floats, fold: NDArray[np.int64], *, replicates: int = 300) -> Quality:
    """Means over folds, as papers report them, with a bootstrap over rows within folds."""
    parts = [np.flatnonzero(fold == number) for number in range(int(fold.max()) + 1)]
    ranked = [rank_outcomes(outcome[rows], scores[rows]) for rows in parts]

    def metrics(weights: Floats) -> dict[str, Floats]:
        found = [one.profile(weights[:, rows]) for one, rows in zip(ranked, parts, strict=True)]
        return {name: np.mean([each[name] for each in found], axis=0) for name in ("roc_auc", "pr_auc")}

    estimates, _ = bootstrap(metrics, None, len(outcome), replicates=replicates, seed=SEED)
    return Quality(**estimates, accuracy=float(np.mean((scores >= 0.5) == outcome)))


def describe_shoppers(frame: pd.DataFrame) -> dict[str, Any]:
    """Every result on the data set that takes seconds.

    Returns
    -------
    dict
        `rows`, `purchases`; `folds` and `months`: model x with or without `PageValues`, each with ROC-AUC,
        PR-AUC and their bounds; `page_values_alone`. Folds are five, stratified, shuffled with seed 42. By
        month: trained on February to October, tested on November and December, without the column `Month`.

    Raises
    ------
    JourneyError
        When a column is missing.
    """
    if missing := [name for name in (*TEXT, *CODES, "PageValues", "Revenue") if name not in frame]:
        raise JourneyError(
            f"Online Shoppers lacks the column {missing[0]!r} ({len(frame):,} rows); fetch it again"
        )
    outcome = frame["Revenue"].to_numpy(dtype=bool)
    month = frame["Month"].map({name: place for place, name in enumerate(MONTHS)}).to_numpy()
    later = month >= MONTHS.index(FIRST_TEST_MONTH)
    folds, months = [], []
    for page_values in (True, False):
        features = one_hot(frame, page_values=page_values)
        without_month = one_hot(frame, page_values=page_values, month=False)
        for name, scorer in MODELS.items():
            common = {"model": name, "page_values": page_values}
            folds.append(common | plain(fold_quality(outcome, *out_of_fold(features, outcome, scorer))))
            scores = scorer(without_month[~later], outcome[~later], without_month[later])
            one_fold = np.zeros(int(later.sum()), dtype=np.int64)
            months.append(common | plain(fold_quality(outcome[later], scores, one_fold)))
    alone = frame["PageValues"].to_numpy(dtype=np.float64)
    whole = np.zeros(len(frame), dtype=np.int64)
    return {
        "rows": len(frame),
        "purchases": int(outcome.sum()),
        "test_rows_by_month": int(later.sum()),
        "test_purchases_by_month": int(outcome[later].sum()),
        "folds": folds,
        "months": months,
        "page_values_alone": plain(fold_quality(outcome, alone, whole)),
        "resampling": resampled(frame, outcome),
    }


def resampled(frame: pd.DataFrame, outcome: Mask) -> list[dict[str, Any]]:
    """The oversampling lesson on one stratified fifth, XGBoost with default settings."""
    features = one_hot(frame)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, outcome)
    test = np.zeros(len(outcome), dtype=bool)
    test[next(iter(split))[1]] = True
    lesson = oversampling_lesson(features, outcome, test, default_trees, seed=SEED)
    return [
        {name: round(value, 6) if isinstance(value, float) else value for name, value in row.plain().items()}
        for row in lesson
    ]


def plain(quality: Quality) -> dict[str, float]:
    """A quality as rounded numbers for JSON."""
    found = {"accuracy": quality.accuracy}
    for name in ("roc_auc", "pr_auc"):
        estimate = getattr(quality, name)
        found |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return {name: round(value, 6) for name, value in found.items()}
