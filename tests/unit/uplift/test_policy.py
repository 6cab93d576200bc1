"""Policy value, returns over the budget and comparison with truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.uplift import (
    compare_policies,
    compare_with_truth,
    policy_value,
    roi_curve,
    standard_policies,
    top_share,
)
from journey.uplift.budget import drawn_curves, profit_of_everyone


def money_experiment(rng: np.random.Generator, n: int):
    """Margin 10 + 4 x0 per person; the treatment adds 2 x1; keenness x0 and effect are unrelated."""
    x = rng.uniform(-1, 1, (n, 2))
    treatment = rng.integers(0, 2, n)
    effect = 2 * x[:, 1]
    margin = 10 + 4 * x[:, 0] + treatment * effect + rng.normal(0, 2, n)
    return x, treatment, margin, effect


def test_policy_value_by_hand():
    outcome, treatment = np.array([4.0, 1.0, 2.0, 3.0]), np.array([1, 0, 1, 0])
    everyone = policy_value(outcome, treatment, np.ones(4))
    assert everyone.value.value == pytest.approx(3.0)
    assert everyone.gain.value == pytest.approx(1.0)
    nobody = policy_value(outcome, treatment, np.zeros(4))
    assert nobody.value.value == pytest.approx(2.0)
    assert nobody.gain.value == nobody.gain.high == 0.0
    first_two = policy_value(outcome, treatment, [1, 1, 0, 0])
    assert first_two.value.value == pytest.approx(0.5 * 4 + 0.5 * 3)
    assert first_two.gain.value == pytest.approx(0.5 * 3)
    assert first_two.treated_share == 0.5


@pytest.mark.parametrize("confounded", [False, True], ids=["randomised", "known propensity"])
def test_policy_value_covers(confounded):
    rng = np.random.default_rng(0)
    runs, value_hits, gain_hits = 400, 0, 0
    for _ in range(runs):
        n = 500
        x = rng.uniform(-1, 1, (n, 2))
        score = expit(1.5 * x[:, 0]) if confounded else np.full(n, 0.5)
        treatment = (rng.random(n) < score).astype(int)
        margin = 10 + 4 * x[:, 0] + treatment * 2 * x[:, 1] + rng.normal(0, 2, n)
        # Treat where x1 > 0: mean effect there is 1, so the gain is 0.5 and the value 10.5.
        result = policy_value(margin, treatment, x[:, 1] > 0, propensity=score)
        value_hits += result.value.low <= 10.5 <= result.value.high
        gain_hits += result.gain.low <= 0.5 <= result.gain.high
    for hits in (value_hits, gain_hits):
        assert binomtest(hits, runs, 0.95).pvalue > 0.001, hits / runs


def test_top_share_is_exact_with_ties():
    assert top_share([3, 1, 2, 0], 0.5).tolist() == [1, 0, 1, 0]
    assert top_share([1, 1, 1, 1], 0.25) == pytest.approx([0.25] * 4)
    assert top_share([5, 1, 1, 0], 0.5) == pytest.approx([1, 0.5, 0.5, 0])
    for share in (0.0, 0.3, 1.0):
        assert top_share(np.random.default_rng(0).integers(0, 5, 100), share).mean() == pytest.approx(share)
    with pytest.raises(JourneyError, match="Share"):
        top_share([1, 2], 1.5)


def test_policies_are_compared_by_incremental_money_only():
    x, treatment, margin, _ = money_experiment(np.random.default_rng(1), 60_000)
    rules = standard_policies(x[:, 1], x[:, 0], 0.3)
    results = {
        r.name: r for r in compare_policies(margin, treatment, rules, cost_per_treated=0.5, n_boot=200)
    }
    # Top 30% by x1 has x1 in (0.4, 1): mean effect 1.4, gain 0.42, cost 0.15, ROI 1.8.
    uplift = results["uplift ranking"]
    assert uplift.incremental_margin.value == pytest.approx(0.42, abs=0.03)
    assert uplift.cost.value == pytest.approx(0.15)
    assert uplift.profit.value == pytest.approx(0.27, abs=0.03)
    assert uplift.roi.value == pytest.approx(1.8, abs=0.2)
    assert uplift.roi.low < 1.8 < uplift.roi.high
    # Likely buyers have a high margin anyway, of which the treatment adds nothing.
    likely = results["likeliest buyers"]
    assert margin[rules["likeliest buyers"] == 1].mean() > 12
    assert likely.incremental_margin.low < 0.02
    assert likely.profit_over_reference.high < 0
    assert results["nobody"].roi is None
    assert results["nobody"].profit.value == results["nobody"].profit.high == 0
    assert results["everybody"].profit.value == pytest.approx(-0.5, abs=0.06)
    assert results["random share"].profit.value == pytest.approx(0.3 * results["everybody"].profit.value)


def test_costs_that_follow_the_outcome_are_read_from_the_treated():
    rng = np.random.default_rng(2)
    n = 50_000
    treatment = rng.integers(0, 2, n)
    ordered = rng.random(n) < 0.1 + 0.02 * treatment
    shipping = 5.0 * ordered
    result = compare_policies(
        40.0 * ordered, treatment, {"all": np.ones(n)}, treatment_cost=shipping, reference="all", n_boot=100
    )[0]
    # Margin gained 0.02 * 40 = 0.8 per person; shipping is given away on 12% of people: 0.6.
    assert result.cost.value == pytest.approx(0.6, abs=0.03)
    assert result.incremental_margin.low < 0.8 < result.incremental_margin.high
    assert result.profit.value == pytest.approx(result.incremental_margin.value - result.cost.value)


def test_roi_curve_is_the_analytic_one():
    x, treatment, margin, _ = money_experiment(np.random.default_rng(3), 200_000)
    curve = roi_curve(margin, treatment, x[:, 1], cost_per_treated=0.5, n_boot=40)
    truth = 2 * curve.share * (1 - curve.share)
    assert curve.incremental_margin.value == pytest.approx(truth, abs=0.03)
    assert curve.cost.value == pytest.approx(0.5 * curve.share)
    assert curve.profit.value == pytest.approx(curve.incremental_margin.value - curve.cost.value)
    # Profit 2 s (1 - s) - s / 2 peaks at s = 3/8 with 9/32.
    assert curve.best_share.value == pytest.approx(3 / 8, abs=0.08)
    assert curve.best_profit.value == pytest.approx(9 / 32, abs=0.03)
    assert np.isnan(curve.roi.value[0])
    assert curve.roi.value[10] == pytest.approx(truth[10] / (0.5 * curve.share[10]) - 1, abs=0.3)
    assert (curve.profit.low <= curve.profit.high).all()
    assert curve.random_profit[-1] == pytest.approx(curve.profit.value[-1])


def test_the_profit_of_treating_everyone_is_the_margin_on_what_they_spend_more():
    found = profit_of_everyone(Estimate(0.8, 0.2, 1.4), margin=0.5, cost=0.1)
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.0, 0.6))
    for margin, cost in ((1.2, 0.1), (0.5, -0.1)):
        with pytest.raises(JourneyError, match="margin"):
            profit_of_everyone(Estimate(0.8, 0.2, 1.4), margin=margin, cost=cost)


def test_drawn_curves_give_every_price_its_roi_curve():
    rng = np.random.default_rng(8)
    x, treatment, margin, _ = money_experiment(rng, 500)
    orders = rng.poisson(1.0, 500).astype(float)
    shares = np.linspace(0, 1, 6)
    drawn = drawn_curves(margin, treatment, x[:, 1], orders, shares=shares, n_boot=60, seed=3)
    assert drawn.added_draws.shape == drawn.caused_draws.shape == (60, 6)
    curve = roi_curve(
        0.4 * margin, treatment, x[:, 1], treatment_cost=3 * orders, shares=shares, n_boot=60, seed=3
    )
    assert 0.4 * drawn.added - 3 * drawn.caused == pytest.approx(curve.profit.value)
    low, high = np.quantile(0.4 * drawn.added_draws - 3 * drawn.caused_draws, [0.025, 0.975], axis=0)
    assert low == pytest.approx(curve.profit.low)
    assert high == pytest.approx(curve.profit.high)
    # At share 1 the treated bring their mean, whatever the ranking.
    assert drawn.caused[-1] == pytest.approx(orders[treatment == 1].mean())
    with pytest.raises(JourneyError, match="one number per person"):
        drawn_curves(margin, treatment, x[:, 1], orders[1:])


def test_roi_curve_covers_at_a_fixed_share():
    rng = np.random.default_rng(4)
    runs, hits = 200, 0
    for run in range(runs):
        x, treatment, margin, _ = money_experiment(rng, 1000)
        curve = roi_curve(
            margin, treatment, x[:, 1], cost_per_treated=0.5, shares=[0, 0.4, 1], n_boot=200, seed=run
        )
        hits += curve.profit.low[1] <= 2 * 0.4 * 0.6 - 0.2 <= curve.profit.high[1]
    assert binomtest(hits, runs, 0.95).pvalue > 0.001, hits / runs


def test_curve_and_policy_agree_at_the_same_share():
    x, treatment, margin, _ = money_experiment(np.random.default_rng(5), 5000)
    curve = roi_curve(margin, treatment, x[:, 1], cost_per_treated=0.2, shares=[0, 0.3, 1], n_boot=20)
    rule = {"top": top_share(x[:, 1], 0.3)}
    policy = compare_policies(margin, treatment, rule, cost_per_treated=0.2, reference="top", n_boot=20)[0]
    assert curve.profit.value[1] == pytest.approx(policy.profit.value, rel=1e-9)


def test_truth_comparison_by_hand():
    truth = np.array([4.0, 2.0, 0.0, -2.0])
    result = compare_with_truth(truth, [1.0, 2.0, 0.5, 0.1], value=1.0, cost=1.0, shares=[0, 0.25, 0.5, 1])
    assert result.captured == pytest.approx([0, 0.5, 1.5, 1.0])
    assert result.oracle == pytest.approx([0, 1.0, 1.5, 1.0])
    assert result.random == pytest.approx([0, 0.25, 0.5, 1.0])
    assert result.share_captured == pytest.approx((0.25 + 1.0) / (0.75 + 1.0))
    # The score treats only the second person (2 > 1): gain 1 of 4; the oracle treats the first two: 4 of 4.
    assert result.policy_value == pytest.approx(0.25)
    assert result.oracle_value == pytest.approx(1.0)
    assert result.regret == pytest.approx(0.75)
    assert result.oracle_share_captured == pytest.approx(0.25)
    assert result.everybody_value == pytest.approx(0.0)
    assert result.policy_share == 0.25
    assert result.oracle_share == 0.5


def test_truth_comparison_limits():
    rng = np.random.default_rng(6)
    truth = rng.normal(size=5000)
    perfect = compare_with_truth(truth, truth)
    assert perfect.share_captured == pytest.approx(1)
    assert perfect.regret == 0
    assert perfect.rmse == 0
    assert abs(compare_with_truth(truth, rng.normal(size=5000)).share_captured) < 0.08
    assert compare_with_truth(truth, -truth).share_captured == pytest.approx(-1, abs=0.05)
    constant = compare_with_truth(truth, np.zeros(5000))
    assert constant.captured == pytest.approx(constant.random)
    assert compare_with_truth(-np.ones(3), [1.0, 2.0, 3.0]).oracle_share_captured is None


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda y, t: policy_value(y, t, [2, 0, 0, 0]), "between 0 and 1"),
        (lambda y, t: policy_value(y, t, np.ones(4), propensity=0.0), "strictly between"),
        (lambda y, t: compare_policies(y, t, {"all": np.ones(4)}), "reference policy"),
        (lambda y, t: roi_curve(y, t, [1, 2, 3, 4], shares=[1, 0]), "rise"),
        (lambda y, t: roi_curve(y, t, [1, 2, 3, 4], cost_per_treated=-1), "not be negative"),
        (lambda y, t: roi_curve(y, t, [1, 2, 3, 4], treatment_cost=[1.0]), "one per person"),
        (lambda y, t: compare_with_truth(y, t[:2]), "equally long"),
    ],
)
def test_bad_input_is_refused(call, reason):
    with pytest.raises(JourneyError, match=reason):
        call(np.array([1.0, 0.0, 1.0, 0.0]), np.array([1, 1, 0, 0]))
