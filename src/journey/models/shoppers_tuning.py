"""UCI Online Shoppers: nested tuning and random hold-outs. Takes minutes, done on request, kept as evidence.

JOURNEY_EVIDENCE=update:online_shoppers_tuning python -m journey.models.shoppers_tuning
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from journey.models import boosting, shoppers
from journey.models.boosting import Setting, fit_boosting
from journey.models.calibration import logit
from journey.models.ranked import rank_outcomes
from journey.models.shoppers import FOLDS, SEED, TUNED, fold_quality, one_hot, plain
from journey.stores.datasets import load_online_shoppers
from journey.stores.evidence import Evidence, evidence

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NAME = "online_shoppers_tuning"
#: Settings tried on inner folds of each outer training fold.
GRID: tuple[Setting, ...] = (
    TUNED,
    replace(TUNED, max_depth=3, rounds=600),
    replace(TUNED, max_depth=5, min_child_weight=10.0, colsample_bytree=0.3, rounds=350),
    replace(TUNED, max_depth=6, min_child_weight=20.0, colsample_bytree=0.3, reg_lambda=5.0, rounds=300),
)
INNER_FOLDS, HOLD_OUTS, TEST_SHARE = 3, 20, 0.2
PUBLISHED = {"roc_auc": 0.937, "pr_auc": 0.754, "accuracy": 0.9065}


def trees(train: Floats, outcome: Mask, test: Floats, setting: Setting) -> Floats:
    """Scores of XGBoost with one setting."""
    names = [f"f{place}" for place in range(train.shape[1])]
    return fit_boosting(train, outcome, names, setting, seed=SEED).predict(test)


def extra_trees(train: Floats, outcome: Mask, test: Floats) -> Floats:
    """Scores of extremely randomised trees (Geurts, Ernst & Wehenkel 2006)."""
    model = ExtraTreesClassifier(300, min_samples_leaf=3, max_features=0.25, n_jobs=1, random_state=SEED).fit(
        train, outcome
    )
    return model.predict_proba(test)[:, 1]


def blend(*scores: Floats) -> Floats:
    """Mean of log-odds, as a probability."""
    return 1.0 / (1.0 + np.exp(-np.mean([logit(each) for each in scores], axis=0)))


def inner_choice(features: Floats, outcome: Mask) -> Setting:
    """The setting with the highest average precision on inner folds of training rows."""
    folds = StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=SEED)
    found = np.zeros(len(GRID))
    for train, held in folds.split(features, outcome):
        for place, setting in enumerate(GRID):
            ranked = rank_outcomes(
                outcome[held], trees(features[train], outcome[train], features[held], setting)
            )
            found[place] += ranked.profile(ranked.ones())["pr_auc"][0]
    return GRID[int(found.argmax())]


def nested(features: Floats, outcome: Mask) -> dict[str, Any]:
    """Outer folds score models whose setting was chosen inside the training folds."""
    alone, both = np.empty(len(outcome)), np.empty(len(outcome))
    fold = np.empty(len(outcome), dtype=np.int64)
    chosen = []
    outer = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, outcome)
    for number, (train, test) in enumerate(outer):
        setting = inner_choice(features[train], outcome[train])
        chosen.append(GRID.index(setting))
        alone[test] = trees(features[train], outcome[train], features[test], setting)
        both[test] = blend(alone[test], extra_trees(features[train], outcome[train], features[test]))
        fold[test] = number
    return {
        "chosen": chosen,
        "xgboost": plain(fold_quality(outcome, alone, fold)),
        "xgboost_and_extra_trees": plain(fold_quality(outcome, both, fold)),
    }


def hold_outs(features: Floats, outcome: Mask) -> dict[str, list[float]]:
    """Scores of one fixed setting over random 80/20 hold-outs: how far one split may lie from the mean."""
    found: dict[str, list[float]] = {"roc_auc": [], "pr_auc": []}
    splits = StratifiedShuffleSplit(HOLD_OUTS, test_size=TEST_SHARE, random_state=SEED)
    for train, test in splits.split(features, outcome):
        ranked = rank_outcomes(outcome[test], trees(features[train], outcome[train], features[test], TUNED))
        values = ranked.profile(ranked.ones())
        for name in found:
            found[name].append(round(float(values[name][0]), 5))
    return found


def tune_shoppers(frame: pd.DataFrame) -> dict[str, Any]:
    """Nested tuning with and without `PageValues`, and random hold-outs with it."""
    outcome = frame["Revenue"].to_numpy(dtype=bool)
    features = one_hot(frame)
    return {
        "with_page_values": nested(features, outcome),
        "without_page_values": nested(one_hot(frame, page_values=False), outcome),
        "hold_outs": hold_outs(features, outcome),
        "settings": [dict(vars(setting)) for setting in GRID],
    }


def tuning_evidence() -> Evidence:
    """The committed results; computed only when JOURNEY_EVIDENCE asks for it."""
    return evidence(
        NAME,
        None,
        lambda: tune_shoppers(load_online_shoppers()),
        sources=(boosting, shoppers),
        tolerance=0.01,
    )


if __name__ == "__main__":
    found = tuning_evidence()
    print(found.results["with_page_values"], found.results["hold_outs"], found.label)
