"""UCI Online Shoppers against published numbers.

Published: PMC10121810 (Abdullah-All-Tanvir and others, 2023) for the best model; for default settings, five
stratified folds with seed 42, as listed among this project's oracles.

Tolerances
----------
LINEAR 0.001: a convex problem; only the last digits depend on the solver.
TREES 0.004: another release of XGBoost may grow slightly different trees.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from journey.models.shoppers import default_trees, fold_quality, logistic, one_hot, out_of_fold
from journey.models.shoppers_tuning import PUBLISHED
from journey.paths import project
from journey.stores.datasets import load_online_shoppers
from journey.stores.locate import locate

LINEAR, TREES = 0.001, 0.004


def committed(name: str) -> dict:
    """Results of a committed evidence."""
    return json.loads((project().evidence / f"{name}.json").read_text(encoding="utf-8"))["results"]


@pytest.fixture(scope="module")
def folds() -> dict:
    """Model and PageValues -> scores over five folds."""
    return {(row["model"], row["page_values"]): row for row in committed("online_shoppers")["folds"]}


@pytest.mark.parametrize(
    ("model", "roc_auc", "pr_auc", "tolerance"),
    [("logistic, defaults", 0.893, 0.641, LINEAR), ("XGBoost, defaults", 0.923, 0.719, TREES)],
)
def test_default_models_reach_the_published_scores(folds, model, roc_auc, pr_auc, tolerance):
    found = folds[model, True]
    assert found["roc_auc"] == pytest.approx(roc_auc, abs=tolerance)
    assert found["pr_auc"] == pytest.approx(pr_auc, abs=tolerance)


def test_page_values_alone_has_the_published_area():
    assert committed("online_shoppers")["page_values_alone"]["roc_auc"] == pytest.approx(0.863, abs=0.0005)


def test_the_data_set_has_its_published_size():
    found = committed("online_shoppers")
    assert (found["rows"], found["purchases"]) == (12_330, 1_908)


def test_chosen_without_the_test_folds_reaches_the_published_average_precision():
    # 0.754 is reached; the ROC-AUC of 0.937 is not (0.9346), but lies within the interval of our folds.
    found = committed("online_shoppers_tuning")["with_page_values"]["chosen"]
    assert found["pr_auc"] >= PUBLISHED["pr_auc"]
    assert found["roc_auc_low"] < PUBLISHED["roc_auc"] < found["roc_auc_high"]


def test_without_page_values_every_model_loses_more_than_a_tenth(folds):
    for model in ("logistic, defaults", "XGBoost, defaults", "XGBoost, small trees"):
        assert folds[model, True]["roc_auc"] - folds[model, False]["roc_auc"] > 0.1


def test_oversampling_before_the_split_fakes_a_near_perfect_score():
    lesson = {(row["recipe"], row["place"]): row for row in committed("online_shoppers")["resampling"]}
    honest = lesson["as they are", "none"]
    for recipe in ("SMOTE", "repeated rows"):
        faked = lesson[recipe, "before the split"]
        assert faked["pr_auc"] > 0.97
        assert faked["pr_auc"] - honest["pr_auc"] > 0.2
        # Done right it changes the ranking by little.
        assert abs(lesson[recipe, "in training"]["roc_auc"] - honest["roc_auc"]) < 0.01


@pytest.mark.data
@pytest.mark.skipif(locate("online_shoppers") is None, reason="Online Shoppers is absent")
def test_the_linear_model_computed_now_agrees_with_the_published_score():
    frame = load_online_shoppers()
    outcome = frame["Revenue"].to_numpy(dtype=bool)
    found = fold_quality(outcome, *out_of_fold(one_hot(frame), outcome, logistic), replicates=20)
    assert found.roc_auc.value == pytest.approx(0.893, abs=LINEAR)
    assert found.pr_auc.value == pytest.approx(0.641, abs=LINEAR)


@pytest.mark.data
@pytest.mark.skipif(locate("online_shoppers") is None, reason="Online Shoppers is absent")
def test_scores_of_the_trees_do_not_depend_on_other_test_rows():
    frame = load_online_shoppers().head(3000)
    features, outcome = one_hot(frame), frame["Revenue"].to_numpy(dtype=bool)
    whole = default_trees(features[:2000], outcome[:2000], features[2000:])
    half = default_trees(features[:2000], outcome[:2000], features[2000:2500])
    np.testing.assert_array_equal(whole[:500], half)
