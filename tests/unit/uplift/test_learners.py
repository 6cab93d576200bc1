"""Learners recover known effects, never score a person they were fitted on, and depend only on the seed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from journey.errors import JourneyError
from journey.uplift import (
    LEARNERS,
    BaseModels,
    compare_with_truth,
    cross_fit_uplift,
    fit_uplift,
    logistic_base,
    xgboost_base,
)

LINEAR = BaseModels("linear", LinearRegression, LinearRegression, interactions=True)


def binary_experiment(n: int = 12_000, seed: int = 0, share: float = 0.5):
    """Effect grows with x0, the outcome without treatment with x1: response and uplift disagree."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    treatment = (rng.random(n) < share).astype(int)
    without = expit(-1.5 + x[:, 1])
    with_it = expit(-1.5 + x[:, 1] + 0.4 + 0.9 * x[:, 0])
    outcome = (rng.random(n) < np.where(treatment, with_it, without)).astype(float)
    return x, treatment, outcome, with_it - without


@pytest.mark.parametrize("learner", LEARNERS)
def test_linear_effects_are_recovered(learner):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 3))
    treatment = rng.integers(0, 2, 20_000)
    effect = 0.5 + x[:, 0] - 0.5 * x[:, 1]
    outcome = x.sum(axis=1) + treatment * effect + rng.normal(size=20_000)
    scores = cross_fit_uplift(learner, LINEAR, x, treatment, outcome)
    assert np.sqrt(((scores.effect - effect) ** 2).mean()) < 0.06
    assert scores.treated_mean - scores.control_mean == pytest.approx(effect, abs=0.2)


@pytest.mark.parametrize("base", [logistic_base(1), xgboost_base(1, trees=40)], ids=lambda b: b.name)
@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_ranks_by_uplift_not_by_response(learner, base):
    x, treatment, outcome, effect = binary_experiment()
    scores = cross_fit_uplift(learner, base, x, treatment, outcome, folds=3, inner_folds=2)
    by_uplift = compare_with_truth(effect, scores.effect)
    by_response = compare_with_truth(effect, scores.control_mean)
    assert by_uplift.spearman > 0.65
    assert by_uplift.share_captured > 0.7
    assert by_response.share_captured < 0.5
    assert scores.effect.mean() == pytest.approx(effect.mean(), abs=0.03)


def test_linear_s_learner_without_interactions_ranks_by_response_only():
    x, treatment, outcome, effect = binary_experiment()
    plain = BaseModels("plain", LogisticRegression, LinearRegression, interactions=False)
    weak = compare_with_truth(effect, cross_fit_uplift("S", plain, x, treatment, outcome).effect)
    strong = compare_with_truth(effect, cross_fit_uplift("S", logistic_base(), x, treatment, outcome).effect)
    assert strong.share_captured > weak.share_captured + 0.3


@pytest.mark.parametrize("learner", LEARNERS)
def test_scores_are_out_of_fold(learner):
    """A base model that memorises would give back a person's own outcome if it had seen the person."""
    rng = np.random.default_rng(2)
    n = 600
    x = rng.normal(size=(n, 2))
    treatment, outcome = rng.integers(0, 2, n), rng.integers(0, 2, n).astype(float)
    memory = BaseModels("memory", lambda: KNeighborsClassifier(1), lambda: KNeighborsRegressor(1))
    scores = cross_fit_uplift(learner, memory, x, treatment, outcome, folds=4)
    own_arm = np.where(treatment == 1, scores.treated_mean, scores.control_mean)
    assert ((own_arm > 0.5) == outcome).mean() < 0.65
    inside = fit_uplift("T", memory, x, treatment, outcome).predict(x)
    assert (np.where(treatment == 1, inside[1], inside[2]) == outcome).all()


def test_users_stay_in_one_fold():
    x, treatment, outcome, _ = binary_experiment(900)
    user = np.repeat(np.arange(300), 3)
    fold = cross_fit_uplift("T", logistic_base(), x, treatment, outcome, clusters=user).fold
    assert (fold.reshape(300, 3) == fold.reshape(300, 3)[:, :1]).all()


@pytest.mark.parametrize("learner", LEARNERS)
def test_same_seed_same_scores(learner):
    x, treatment, outcome, _ = binary_experiment(800)
    one, two, other = (
        cross_fit_uplift(learner, xgboost_base(s, trees=10), x, treatment, outcome, seed=s).effect
        for s in (3, 3, 4)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_doubly_robust_learner_removes_confounding_with_an_estimated_propensity():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20_000, 2))
    treatment = (rng.random(20_000) < expit(1.2 * x[:, 0])).astype(int)
    # The outcome bends in x0, so that linear outcome models alone are biased.
    outcome = x[:, 0] ** 2 * np.sign(x[:, 0]) + treatment + rng.normal(size=20_000)
    biased = cross_fit_uplift("DR", LINEAR, x, treatment, outcome, propensity=0.5)
    honest = cross_fit_uplift("DR", LINEAR, x, treatment, outcome, propensity=LogisticRegression)
    assert abs(honest.effect.mean() - 1) < 0.08
    assert abs(honest.effect.mean() - 1) < abs(biased.effect.mean() - 1)


@pytest.mark.parametrize("learner", ["X", "DR"])
def test_unequal_arms_are_handled(learner):
    x, treatment, outcome, effect = binary_experiment(20_000, share=0.15)
    scores = cross_fit_uplift(learner, logistic_base(), x, treatment, outcome, folds=3)
    assert compare_with_truth(effect, scores.effect).spearman > 0.75


def test_numeric_outcomes_use_regressors():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(6000, 2))
    treatment = rng.integers(0, 2, 6000)
    spend = np.maximum(0, rng.normal(10, 3, 6000) + treatment * 4 * (x[:, 0] > 0))
    scores = cross_fit_uplift("T", xgboost_base(numeric=True), x, treatment, spend, folds=3)
    high = scores.effect[x[:, 0] > 0].mean()
    assert high == pytest.approx(4, abs=0.3)
    assert scores.effect[x[:, 0] < 0].mean() == pytest.approx(0, abs=0.3)


def test_bad_requests_are_refused():
    x, treatment, outcome, _ = binary_experiment(200)
    with pytest.raises(JourneyError, match="Unknown learner"):
        fit_uplift("R", LINEAR, x, treatment, outcome)
    with pytest.raises(JourneyError, match="strictly between"):
        fit_uplift("X", LINEAR, x, treatment, outcome, propensity=1.0)
    with pytest.raises(JourneyError, match="folds"):
        cross_fit_uplift("T", LINEAR, x, treatment, outcome, folds=1)
