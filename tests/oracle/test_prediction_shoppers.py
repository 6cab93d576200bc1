"""UCI Online Shoppers: what stands behind the agreement with published scores.

The published scores are in `journey.published.prediction`; test_published.py goes through them.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from journey.paths import project
from journey.published import published, value
from journey.published.prediction import LINEAR
from journey.stores.datasets import load_online_shoppers
from journey.stores.locate import locate
from journey.studies.shoppers import default_trees, fold_quality, logistic, one_hot, out_of_fold
from journey.studies.shoppers_tuning import PUBLISHED


def committed(name: str) -> dict:
    """Results of a committed evidence."""
    return json.loads((project().evidence / f"{name}.json").read_text(encoding="utf-8"))["results"]


@pytest.fixture(scope="module")
def folds() -> dict:
    """Model and PageValues -> scores over five folds."""
    return {(row["model"], row["page_values"]): row for row in committed("online_shoppers")["folds"]}


def test_chosen_without_the_test_folds_reaches_the_published_average_precision():
    # The ROC-AUC is not reached, but the published one lies within the interval of our folds.
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
    roc_auc, pr_auc = (value(printed) for printed in published("shoppers_logistic").printed)
    assert found.roc_auc.value == pytest.approx(roc_auc, abs=LINEAR.size)
    assert found.pr_auc.value == pytest.approx(pr_auc, abs=LINEAR.size)


@pytest.mark.data
@pytest.mark.skipif(locate("online_shoppers") is None, reason="Online Shoppers is absent")
def test_scores_of_the_trees_do_not_depend_on_other_test_rows():
    frame = load_online_shoppers().head(3000)
    features, outcome = one_hot(frame), frame["Revenue"].to_numpy(dtype=bool)
    whole = default_trees(features[:2000], outcome[:2000], features[2000:])
    half = default_trees(features[:2000], outcome[:2000], features[2000:2500])
    np.testing.assert_array_equal(whole[:500], half)
