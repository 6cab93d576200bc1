"""Small arms and equal scores: what a ranking may say when there is little to say it from."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.evaluation.uplift_truth import true_ranking
from journey.uplift import (
    compare_policies,
    compare_with_truth,
    normalised_qini,
    policy_value,
    rank_within,
    ranking_quality,
    roi_curve,
    top_share,
    uplift_curve,
)


def one_armed_top():
    """100 people; the ten with the highest scores are all untreated and all buy."""
    score = np.arange(100, 0, -1.0)
    treatment = np.r_[np.zeros(10), np.tile([0, 1], 45)]
    outcome = np.r_[np.ones(10), np.tile([0, 0, 1, 1], 23)[:90]]
    return outcome, treatment, score


def test_uplift_at_k_is_refused_where_an_arm_is_empty():
    outcome, treatment, score = one_armed_top()
    with pytest.raises(JourneyError, match=r"nobody among the top 0\.1 of 100"):
        ranking_quality(outcome, treatment, score, ks=(0.1, 0.3), n_boot=20)
    with pytest.raises(JourneyError, match=r"nobody among the top 0\.05"):
        roi_curve(outcome, treatment, score, shares=[0, 0.05, 0.5, 1], n_boot=20)


def test_a_policy_that_meets_one_arm_only_is_refused():
    outcome, treatment, score = one_armed_top()
    rule = top_share(score, 0.1)
    with pytest.raises(JourneyError, match="None of the 10 people whom the policy treats was treated"):
        policy_value(outcome, treatment, rule)
    with pytest.raises(JourneyError, match="None of the 10 people whom the policy treats was untreated"):
        compare_policies(outcome, 1 - treatment, {"top": rule}, reference="top", n_boot=20)
    with pytest.raises(JourneyError, match="leaves alone was untreated"):
        policy_value(outcome, np.r_[np.tile([0, 1], 45), np.ones(10)], 1 - rule[::-1])


def test_uplift_of_an_arm_without_events_has_an_interval():
    # Top half: 10 of 10 treated and 0 of 5 untreated buy. Newcombe's interval by hand, from Wilson's
    # (0.7225, 1) and (0, 0.4345): 1 - sqrt(0.2775**2 + 0.4345**2).
    treatment = np.r_[np.ones(10), np.zeros(5), np.tile([0, 1], 8)[:15]]
    outcome = np.r_[np.ones(10), np.zeros(5), np.tile([0, 0, 1], 5)]
    score = np.r_[np.full(15, 2.0), np.ones(15)]
    at_half = ranking_quality(outcome, treatment, score, ks=(0.5,), n_boot=200).uplift_at[0.5]
    assert at_half.value == 1
    assert at_half.low == pytest.approx(1 - np.hypot(0.2775, 0.4345), abs=1e-3)
    assert at_half.high == 1
    # Money has no such interval: it is unknown.
    assert np.isnan(ranking_quality(7.5 * outcome, treatment, score, ks=(0.5,)).uplift_at[0.5].low)


def test_resamples_without_an_arm_do_not_count_as_zero():
    # The top tenth holds two untreated people, so about one resample in seven has none there. Everybody
    # spends 10 or 11, so an uplift of 10 comes only from taking the empty arm for 0.
    score = np.r_[np.full(20, 2.0), np.ones(180)]
    treatment = np.r_[np.ones(18), 0, 0, np.ones(160), np.zeros(20)]
    at_top = ranking_quality(np.tile([10.0, 11.0], 100), treatment, score, ks=(0.1,), n_boot=400).uplift_at
    assert -1 <= at_top[0.1].low <= at_top[0.1].high <= 1


def test_normalised_qini_is_no_share_of_the_best():
    # 5% treated; a fifth of either arm buys. scikit-uplift 0.5.1, qini_auc_score, gives the same number.
    treated, bought = (
        np.repeat([1, 1, 0, 0], [20, 80, 380, 1520]),
        np.repeat([1, 0, 1, 0], [20, 80, 380, 1520]),
    )
    score = np.where(treated, 3 * bought, 2 - bought)
    assert normalised_qini(bought, treated, score) == pytest.approx(1.0577777777777777)


def test_scores_that_differ_by_rounding_are_ties():
    noisy = np.tile([0.1 + 0.2, 0.3], 50)
    exact = np.full(100, 0.3)
    low = np.full(100, 0.1)
    rng = np.random.default_rng(0)
    outcome, treatment = rng.integers(0, 2, (2, 100))
    for one, other in ((noisy, exact), (np.r_[noisy, low], np.r_[exact, low])):
        y, t = (np.resize(each, len(one)) for each in (outcome, treatment))
        assert np.array_equal(uplift_curve(y, t, one), uplift_curve(y, t, other))
        assert np.array_equal(top_share(one, 0.25), top_share(other, 0.25))
        assert np.array_equal(rank_within(one, t), rank_within(other, t))
        assert true_ranking(y.astype(float), one, 0.25) == true_ranking(y.astype(float), other, 0.25)
    effect = rng.random(200)
    share = [
        compare_with_truth(effect, each, shares=[0.25]).captured
        for each in (np.r_[noisy, low], np.r_[exact, low])
    ]
    assert share[0] == share[1]
    # What differs by more stays apart, however small.
    assert top_share(np.array([3e-9, 2e-9, 1e-9, 0]), 0.5).tolist() == [1, 1, 0, 0]
