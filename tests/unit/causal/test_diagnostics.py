"""Balance, overlap, matching structure and sensitivity analysis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from journey.causal import (
    balance,
    e_value,
    e_value_of_difference,
    e_value_of_effect,
    effective_sample_size,
    fit_propensity,
    inverse_probability_weights,
    known_propensity,
    match_on_score,
    naive_difference,
    overlap,
    propensity_matching,
    rosenbaum_binary,
    rosenbaum_signed_rank,
)
from journey.causal.neighbours import nearest, window_mean
from journey.errors import JourneyError


@pytest.fixture(scope="module")
def confounded():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3))
    treatment = (rng.random(4000) < expit(x[:, 0] - 0.7 * x[:, 1])).astype(int)
    return x, treatment


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_weighting_and_matching_balance_the_arms(confounded, estimand):
    x, treatment = confounded
    score = fit_propensity(treatment, x)
    names = ("a", "b", "c")
    weighted = balance(x, treatment, inverse_probability_weights(treatment, score, estimand=estimand), names)
    matched = balance(x, treatment, match_on_score(treatment, score, estimand=estimand).weights, names)
    assert weighted.worst_before > 0.7
    assert weighted.worst_after < 0.06
    assert matched.worst_after < 0.1
    assert weighted.n_unbalanced_after == 0


def test_balance_by_hand():
    result = balance([[1.0], [2.0], [3.0], [5.0]], [0, 0, 1, 1], [1, 0, 1, 0], ["x"])
    deviation = np.sqrt((0.5 + 2.0) / 2)
    assert result.before == pytest.approx([2.5 / deviation])
    assert result.after == pytest.approx([2.0 / deviation])


def test_balance_refuses_a_mismatch(confounded):
    x, treatment = confounded
    with pytest.raises(JourneyError, match="names"):
        balance(x, treatment, np.ones(4000), ["a"])
    with pytest.raises(JourneyError, match="one arm are 0"):
        balance(x, treatment, treatment, ["a", "b", "c"])


def test_overlap_counts_and_effective_size(confounded):
    _, treatment = confounded
    result = overlap(treatment, known_propensity(np.full(4000, 0.5)))
    assert result.treated.sum() == treatment.sum()
    assert result.control.sum() == 4000 - treatment.sum()
    assert result.effective_treated == pytest.approx(treatment.sum())
    assert result.outside == 0
    thin = overlap(treatment, known_propensity(np.r_[np.full(100, 0.005), np.full(3900, 0.5)]))
    assert thin.outside == pytest.approx(100 / 4000)
    assert thin.effective_treated < 0.3 * treatment.sum()
    assert thin.largest_weight_share > 0.01
    assert effective_sample_size([1, 1, 2]) == pytest.approx(16 / 6)


def test_matched_weights_reproduce_the_uncorrected_estimate(confounded):
    x, treatment = confounded
    outcome = x.sum(axis=1) + treatment
    score = fit_propensity(treatment, x)
    for estimand in ("ATE", "ATT"):
        weights = match_on_score(treatment, score, estimand=estimand).weights
        means = [np.average(outcome[treatment == a], weights=weights[treatment == a]) for a in (1, 0)]
        plain = propensity_matching(outcome, treatment, x, score, estimand=estimand, bias_corrected=False)
        assert plain.estimate == pytest.approx(means[0] - means[1])


def test_bias_correction_removes_what_coarse_matching_leaves():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 1))
    treatment = (rng.random(300) < expit(1.5 * x[:, 0])).astype(int)
    outcome = 3 * x[:, 0] + treatment
    score = fit_propensity(treatment, x)
    exact = propensity_matching(outcome, treatment, x, score, caliper=None)
    plain = propensity_matching(outcome, treatment, x, score, caliper=None, bias_corrected=False)
    assert exact.estimate == pytest.approx(1.0, abs=1e-9)
    assert abs(plain.estimate - 1.0) > 0.01


def test_nearest_shares_ties_by_hand():
    position = np.array([0.0, 1.0, 1.0, 3.0, 2.0, 0.2])
    pool = np.array([True, True, True, True, False, False])
    found = nearest(position, pool)
    assert found.n_matches[4:].tolist() == [3, 1]
    assert found.distance[4:] == pytest.approx([1.0, 0.2])
    assert found.mean(np.array([10.0, 1.0, 2.0, 6.0, 0.0, 0.0]))[4:] == pytest.approx([3.0, 10.0])
    uses = found.uses(np.array([False, False, False, False, True, True]))
    assert uses == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0, 0])


def test_nearest_equals_brute_force():
    rng = np.random.default_rng(2)
    position = np.round(rng.normal(size=200), 2)
    pool = rng.random(200) < 0.3
    values = rng.normal(size=200)
    gap = np.abs(position[:, None] - position[pool])
    tied = np.isclose(gap, gap.min(axis=1, keepdims=True), atol=1e-9)
    expected = (tied * values[pool]).sum(axis=1) / tied.sum(axis=1)
    assert nearest(position, pool).mean(values) == pytest.approx(expected)


def test_window_mean_by_hand():
    position = np.arange(6.0)
    mean, size = window_mean(position, np.ones(6, bool), np.array([0.0, 1, 2, 3, 4, 50]), 3)
    assert size == 3
    assert mean == pytest.approx([1, 1, 2, 3, 19, 19])


def test_e_value_by_effect_and_limits():
    rng = np.random.default_rng(4)
    treatment = rng.integers(0, 2, 4000)
    outcome = (rng.random(4000) < np.where(treatment, 0.3, 0.15)).astype(float)
    effect = naive_difference(outcome, treatment)
    value = e_value_of_effect(effect)
    assert value.point == pytest.approx(e_value(effect.risk_ratio).point)
    assert 1 < value.limit < value.point
    assert e_value(1.2, 0.9, 1.6).limit == 1.0
    assert e_value(0.5).point == pytest.approx(e_value(2.0).point)
    assert e_value_of_difference(0.2, 0.1, 0.3, 1.0).risk_ratio == pytest.approx(np.exp(0.182))
    with pytest.raises(JourneyError, match="positive"):
        e_value(-1.0)
    with pytest.raises(JourneyError, match="outside"):
        e_value(2.0, 2.5, 3.0)


def test_bounds_widen_with_gamma_and_start_at_the_plain_test():
    from scipy.stats import binomtest, wilcoxon

    result = rosenbaum_binary(60, 30)
    assert result.gamma[0] == 1
    assert result.p_upper[0] == pytest.approx(binomtest(60, 90, alternative="greater").pvalue)
    assert (np.diff(result.p_upper) > 0).all()
    assert (np.diff(result.p_lower) < 0).all()
    differences = np.random.default_rng(5).normal(0.3, 1, 200)
    ranked = rosenbaum_signed_rank(differences)
    plain = wilcoxon(differences, alternative="greater", method="asymptotic", zero_method="pratt")
    assert ranked.p_upper[0] == pytest.approx(plain.pvalue)
    before = rosenbaum_signed_rank(differences, gammas=[ranked.critical_gamma - 0.01, ranked.critical_gamma])
    assert before.p_upper[0] <= 0.05 < before.p_upper[1]


def test_bounds_hold_under_the_stated_bias():
    """With bias of exactly gamma, the upper bound at that gamma rejects a true null at most alpha often."""
    rng = np.random.default_rng(6)
    gamma, runs, pairs = 2.0, 2000, 150
    heads = rng.random((runs, pairs)) < gamma / (1 + gamma)
    at_gamma = [rosenbaum_binary(h, pairs - h, gammas=[gamma]).p_upper[0] for h in heads.sum(axis=1)[:400]]
    ignoring = [rosenbaum_binary(h, pairs - h, gammas=[1.0]).p_upper[0] for h in heads.sum(axis=1)[:400]]
    assert np.mean(np.array(at_gamma) <= 0.05) <= 0.07
    assert np.mean(np.array(ignoring) <= 0.05) > 0.95


def test_bounds_refuse_nothing_to_test():
    with pytest.raises(JourneyError, match="discordant"):
        rosenbaum_binary(0, 0)
    with pytest.raises(JourneyError, match="differences are 0"):
        rosenbaum_signed_rank([0.0, 0.0])
    with pytest.raises(JourneyError, match="at least 1"):
        rosenbaum_binary(5, 3, gammas=[0.5])
