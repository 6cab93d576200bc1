"""Differences of models are registered with intervals of their own, from the same draws of users."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from journey.findings.desk import Desk
from journey.findings.prediction.decided import SHORT, Decided
from journey.findings.prediction.differences import PAIRS, add_differences
from journey.paths import Paths


def decided(decision: str) -> Decided:
    """Scores of 600 sessions of 300 users: XGBoost adds noise to the regression, the rule is a guess."""
    rng = np.random.default_rng(1)
    score = rng.beta(1, 6, 600)
    label, users = rng.random(600) < score, np.repeat(np.arange(300), 2)
    probabilities = {
        "logistic": score,
        "xgboost": np.clip(score + rng.normal(0, 0.03, 600), 0, 1),
        "blend": np.clip(score + rng.normal(0, 0.01, 600), 0, 1),
        "bought_before": rng.random(600),
    }
    test = type("Rows", (), {"label": label, "user_id": users, "__len__": lambda _: 600})()
    model = SimpleNamespace(chosen="blend")
    return Decided(decision, SimpleNamespace(test=test), model, probabilities)


def test_every_pair_has_a_paired_interval(tmp_path):
    desk = Desk("prediction", Paths(tmp_path))
    add_differences(desk, {each: decided(each) for each in SHORT}, replicates=100, seed=1)
    numbers = {number.id: number for number in desk.ledger}
    # All three moments have the same rows here, so the two that are compared differ by nothing.
    moved = numbers.pop("prediction.cart_over_third_roc_auc")
    assert (moved.value, moved.low, moved.high, moved.n) == (0.0, 0.0, 0.0, 1200)
    assert len(numbers) == len(SHORT) * len(PAIRS)
    rule = numbers["prediction.third_chosen_over_rule_roc_auc"]
    small = numbers["prediction.third_xgboost_over_logistic_roc_auc"]
    assert 0 < rule.low < rule.value < rule.high
    assert small.high - small.low < (rule.high - rule.low) / 2
