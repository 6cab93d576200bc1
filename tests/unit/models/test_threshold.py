"""The cost threshold and the money behind it."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.models.boosting import Setting
from journey.models.leakage import leak_lesson
from journey.models.threshold import Intervention, policy_value, value_difference

ACTION = Intervention(cost=0.5, lift=0.1, margin=0.4)


def test_the_threshold_is_the_cost_over_the_gain():
    assert ACTION.threshold(100.0) == pytest.approx(0.5 / (0.1 * 0.4 * 100))
    with pytest.raises(JourneyError, match="must be above 0"):
        Intervention(0.5, 0.0, 0.4).threshold(100.0)


def test_value_by_hand():
    revenue = np.array([100.0, 0.0, 0.0, 50.0])
    probability = np.array([0.9, 0.8, 0.1, 0.1])
    found = policy_value(revenue, probability, np.arange(4), ACTION, 0.5, replicates=50)
    assert found.value.value == pytest.approx(0.04 * 100 - 2 * 0.5)
    assert found.value_of_all.value == pytest.approx(0.04 * 150 - 4 * 0.5)
    assert found.over_all.value == pytest.approx(3.0 - 4.0)
    assert found.share.value == 0.5
    assert found.break_even_lift.value == pytest.approx(2 * 0.5 / (0.4 * 100))


def test_at_the_break_even_lift_the_value_is_zero():
    rng = np.random.default_rng(1)
    p = rng.random(500)
    revenue = (rng.random(500) < p) * 80.0
    lift = policy_value(revenue, p, np.arange(500), ACTION, 0.3, replicates=20).break_even_lift.value
    again = policy_value(revenue, p, np.arange(500), Intervention(0.5, lift, 0.4), 0.3, replicates=20)
    assert again.value.value == pytest.approx(0.0, abs=1e-9)


def test_with_true_probabilities_no_other_threshold_is_worth_more():
    rng = np.random.default_rng(2)
    p = rng.beta(1, 8, 200_000)
    revenue = (rng.random(200_000) < p) * 100.0
    users = np.arange(200_000)
    best = policy_value(revenue, p, users, ACTION, ACTION.threshold(100.0), replicates=2).value.value
    for other in (0.06, 0.09, 0.18, 0.25):
        assert policy_value(revenue, p, users, ACTION, other, replicates=2).value.value < best


def test_nobody_above_the_threshold_is_an_error():
    with pytest.raises(JourneyError, match="no session of 2 reaches the threshold"):
        policy_value([1.0, 2.0], [0.1, 0.2], [1, 2], ACTION, 0.5)


def test_the_difference_of_a_rule_with_itself_is_nothing():
    helped = np.array([True, False, True])
    same = value_difference([1.0, 2.0, 3.0], helped, helped, [1, 2, 3], ACTION, replicates=20)
    assert same.value == same.low == same.high == 0.0
    other = value_difference([1.0, 100.0, 3.0], ~helped, helped, [1, 2, 3], ACTION, replicates=20)
    assert other.value == pytest.approx((4.0 - 0.5) - (0.04 - 0.5) - (0.12 - 0.5))


def test_a_leak_fakes_a_score_that_does_not_remain():
    rng = np.random.default_rng(4)
    features, outcome = rng.normal(size=(2000, 3)), rng.random(2000) < 0.3
    leak = outcome[:, None] + rng.normal(0, 0.1, (2000, 1))
    half = 1000
    honest, found = leak_lesson(
        (features[:half], outcome[:half]),
        (features[half:], outcome[half:]),
        ["a", "b", "c"],
        {
            "nothing": (*(np.empty((half, 0)),) * 3,),
            "the outcome": (leak[:half], leak[half:], np.zeros((half, 1))),
        },
        np.arange(half),
        Setting(rounds=30),
        seed=1,
        replicates=20,
    )
    assert found.faked.value > 0.99
    assert found.remaining.value < 0.6
    assert honest.change is None
    assert found.change.value == pytest.approx(found.remaining.value - honest.remaining.value)
    assert found.change.low <= found.change.value <= found.change.high
