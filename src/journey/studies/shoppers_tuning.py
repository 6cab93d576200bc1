"""UCI Online Shoppers: nested choice and random hold-outs. Takes minutes: on request, kept as evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from journey.inference.arrays import Floats
from journey.models.boosting import Setting, fit_boosting
from journey.models.calibration import logit
from journey.models.ranked import rank_outcomes
from journey.models.scores import average_precision
from journey.studies.shoppers import FOLDS, MONTHS, SEED, SMALL, fold_quality, one_hot, plain

Mask = NDArray[np.bool_]

WIDE = replace(SMALL, max_depth=5, min_child_weight=10.0, colsample_bytree=0.3, rounds=300)
INNER_FOLDS, HOLD_OUTS, TEST_SHARE = 3, 20, 0.2
PUBLISHED = {"roc_auc": 0.937, "pr_auc": 0.754, "accuracy": 0.9065}
PAGES = ("Administrative", "Informational", "ProductRelated")
RECIPES = ("trees", "trees on ratios", "trees and extra trees", "both trees and extra trees")


@dataclass(frozen=True)
class Views:
    """The same sessions twice: one column a code, and codes as numbers with ratios added."""

    wide: Floats
    ratios: Floats

    def take(self, rows: NDArray[np.int64]) -> Views:
        """Some of the sessions."""
        return Views(self.wide[rows], self.ratios[rows])


def with_ratios(frame: pd.DataFrame, *, page_values: bool = True) -> Floats:
    """Codes as numbers, and sums and ratios of pages, time and rates."""
    codes = frame.drop(columns=["Revenue"] + ["PageValues"] * (not page_values))
    codes = codes.assign(
        Month=codes["Month"].map({name: place for place, name in enumerate(MONTHS)}),
        VisitorType=codes["VisitorType"].astype("category").cat.codes,
    )
    pages = frame[list(PAGES)].sum(axis=1)
    seconds = frame[[f"{name}_Duration" for name in PAGES]].sum(axis=1)
    more = {
        "pages": pages,
        "seconds": seconds,
        "seconds_a_page": seconds / pages.clip(lower=1),
        "seconds_a_product": frame["ProductRelated_Duration"] / frame["ProductRelated"].clip(lower=1),
        "exit_minus_bounce": frame["ExitRates"] - frame["BounceRates"],
        "exits": frame["ExitRates"] * pages,
        "bounces": frame["BounceRates"] * pages,
    }
    if page_values:
        more |= {
            "value": frame["PageValues"] * pages,
            "value_kept": frame["PageValues"] * (1 - frame["ExitRates"]),
        }
    return codes.assign(**more).to_numpy(dtype=np.float64)


def trees(train: Floats, outcome: Mask, test: Floats, setting: Setting) -> Floats:
    """Scores of XGBoost with one setting."""
    names = [f"f{place}" for place in range(train.shape[1])]
    return fit_boosting(train, outcome, names, setting, seed=SEED).predict(test)


def extra_trees(train: Floats, outcome: Mask, test: Floats) -> Floats:
    """Scores of extremely randomised trees (Geurts, Ernst & Wehenkel 2006)."""
    model = ExtraTreesClassifier(400, min_samples_leaf=3, max_features=10, n_jobs=1, random_state=SEED).fit(
        train, outcome
    )
    return model.predict_proba(test)[:, 1]


def blend(*scores: Floats) -> Floats:
    """Mean of log-odds, as a probability."""
    return 1.0 / (1.0 + np.exp(-np.mean([logit(each) for each in scores], axis=0)))


def all_recipes(train: Views, outcome: Mask, test: Views) -> dict[str, Floats]:
    """Scores of every recipe of `RECIPES`."""
    one = trees(train.wide, outcome, test.wide, SMALL)
    two = trees(train.ratios, outcome, test.ratios, WIDE)
    other = extra_trees(train.ratios, outcome, test.ratios)
    found = (one, two, blend(one, other), blend(one, two, other))
    return dict(zip(RECIPES, found, strict=True))


def inner_choice(views: Views, outcome: Mask) -> str:
    """The recipe with the highest mean average precision on inner folds of training rows."""
    total = dict.fromkeys(RECIPES, 0.0)
    folds = StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=SEED)
    for train, held in folds.split(views.wide, outcome):
        for recipe, scores in all_recipes(views.take(train), outcome[train], views.take(held)).items():
            total[recipe] += average_precision(outcome[held], scores)
    return max(RECIPES, key=lambda recipe: total[recipe])


def nested(views: Views, outcome: Mask) -> dict[str, Any]:
    """Outer folds score the recipe that was chosen inside their training folds."""
    chosen, alone = np.empty(len(outcome)), np.empty(len(outcome))
    fold = np.empty(len(outcome), dtype=np.int64)
    names = []
    outer = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(views.wide, outcome)
    for number, (train, test) in enumerate(outer):
        name = inner_choice(views.take(train), outcome[train])
        scores = all_recipes(views.take(train), outcome[train], views.take(test))
        names.append(name)
        chosen[test], alone[test] = scores[name], scores["trees"]
        fold[test] = number
    return {
        "recipes": names,
        "chosen": plain(fold_quality(outcome, chosen, fold)),
        "trees": plain(fold_quality(outcome, alone, fold)),
    }


def hold_outs(features: Floats, outcome: Mask) -> dict[str, list[float]]:
    """Scores of one fixed setting over random 80/20 hold-outs: how far one split may lie from the mean."""
    found: dict[str, list[float]] = {"roc_auc": [], "pr_auc": []}
    splits = StratifiedShuffleSplit(HOLD_OUTS, test_size=TEST_SHARE, random_state=SEED)
    for train, test in splits.split(features, outcome):
        ranked = rank_outcomes(outcome[test], trees(features[train], outcome[train], features[test], SMALL))
        values = ranked.profile(ranked.ones())
        for name in found:
            found[name].append(round(float(values[name][0]), 5))
    return found


def tune_shoppers(frame: pd.DataFrame) -> dict[str, Any]:
    """Nested choice of a recipe with and without `PageValues`, and random hold-outs with it."""
    outcome = frame["Revenue"].to_numpy(dtype=bool)
    both = {
        name: Views(one_hot(frame, page_values=kept), with_ratios(frame, page_values=kept))
        for name, kept in (("with_page_values", True), ("without_page_values", False))
    }
    found: dict[str, Any] = {name: nested(views, outcome) for name, views in both.items()}
    return found | {"hold_outs": hold_outs(both["with_page_values"].wide, outcome)}
