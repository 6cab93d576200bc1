"""Scores of probabilities against scikit-learn and by hand: ties, one class, empty slices, intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as reference
from support.ranks import precision_at

from journey.errors import JourneyError
from journey.models.calibration import choose_calibration, fit_calibration
from journey.models.ranked import rank_outcomes
from journey.models.scores import (
    average_precision,
    bootstrap,
    calibration_error,
    check_calibration,
    compare,
    compare_moments,
    log_loss,
    measure,
    reliability,
)
from journey.models.slices import slice_scores


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Outcomes drawn from their own probabilities, with many ties."""
    rng = np.random.default_rng(1)
    p = rng.beta(1, 15, 3000).round(2)
    return rng.random(3000) < p, p


def test_point_values_equal_scikit_learn_with_ties(drawn):
    y, p = drawn
    assert len(np.unique(p)) < 60
    found = measure(y, p, replicates=10)
    assert found.roc_auc.value == pytest.approx(reference.roc_auc_score(y, p), abs=1e-12)
    assert found.pr_auc.value == pytest.approx(reference.average_precision_score(y, p), abs=1e-12)
    assert found.brier.value == pytest.approx(reference.brier_score_loss(y, p), abs=1e-12)
    inner = np.clip(p, 1e-15, 1 - 1e-15)
    assert found.log_loss.value == pytest.approx(reference.log_loss(y, inner), abs=1e-9)
    assert average_precision(y, p) == found.pr_auc.value
    assert log_loss(y, p) == pytest.approx(found.log_loss.value)


def test_weighted_areas_equal_scikit_learn(drawn):
    y, p = drawn
    weights = np.random.default_rng(2).poisson(1.0, (3, len(y))).astype(float)
    found = rank_outcomes(y, p).profile(weights)
    for row in range(3):
        area = reference.roc_auc_score(y, p, sample_weight=weights[row])
        precision = reference.average_precision_score(y, p, sample_weight=weights[row])
        assert found["roc_auc"][row] == pytest.approx(area, abs=1e-12)
        assert found["pr_auc"][row] == pytest.approx(precision, abs=1e-12)


def test_precision_at_the_edge_of_a_tie_counts_in_proportion():
    # The top 30% of ten rows is three rows: one certain hit and two of four tied rows, half of them hits.
    y = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    s = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert precision_at(y, s, 0.3) == pytest.approx((1 + 2 * 0.5) / 3)
    assert precision_at(y, s, 1.0) == pytest.approx(0.3)


def test_a_constant_score_is_chance():
    y = np.array([True, False, False, False])
    found = measure(y, np.full(4, 0.25), replicates=20)
    assert found.roc_auc.value == 0.5
    assert found.pr_auc.value == 0.25
    assert found.lift_10.value == pytest.approx(1.0)
    assert found.calibration_error == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("outcome", "score", "says"),
    [
        ([], [], "no rows"),
        ([0, 0], [0.1, 0.2], "both classes, got 0 positives"),
        ([1, 1], [0.1, 0.2], "both classes, got 2 positives"),
        ([0, 1], [0.1, np.nan], "1 of 2 scores are not finite"),
        ([0, 1, 1], [0.1, 0.2], "one length"),
    ],
)
def test_what_cannot_be_measured_is_said(outcome, score, says):
    for measured in (average_precision, measure):
        with pytest.raises(JourneyError, match=says):
            measured(outcome, score)


def test_probabilities_outside_zero_and_one_are_refused():
    with pytest.raises(JourneyError, match="run from -1 to 2"):
        measure([0, 1], [-1, 2])
    with pytest.raises(JourneyError, match="share of rows is 0"):
        precision_at([0, 1], [0.1, 0.2], 0)


def test_calibration_error_by_hand():
    p = np.repeat([0.1, 0.6], 50)
    y = np.r_[np.arange(50) < 10, np.arange(50) < 25]  # 20% and 50% in truth
    assert calibration_error(y, p, bins=2) == pytest.approx((0.1 + 0.1) / 2)


def test_a_perfect_model_passes_its_calibration_check_19_times_in_20():
    # A resampling interval of the gap would hold its true value, 0, in 6 of 1,000 such draws.
    rng, runs = np.random.default_rng(3), 300
    p = rng.beta(2, 20, 2000)
    found = [check_calibration(rng.random(2000) < p, p, draws=200, seed=run) for run in range(runs)]
    inside = sum(each.chance.low <= each.gap <= each.chance.high for each in found)
    assert binomtest(inside, runs, 0.95).pvalue > 0.001
    assert binomtest(sum(each.p_value <= 0.05 for each in found), runs, 0.05).pvalue > 0.001
    assert found[0].chance.value == pytest.approx(np.mean([each.gap for each in found]), rel=0.05)


def test_probabilities_that_are_off_fail_the_calibration_check():
    rng = np.random.default_rng(4)
    p = rng.beta(2, 20, 5000)
    found = check_calibration(rng.random(5000) < p, np.minimum(1, 1.3 * p), draws=200)
    assert found.gap > found.chance.high
    assert found.p_value == pytest.approx(1 / 201)
    with pytest.raises(JourneyError, match="probabilities run from"):
        check_calibration([0, 1], [0.5, 1.5])


def test_reliability_covers_the_truth():
    rng = np.random.default_rng(4)
    p = rng.beta(2, 10, 20_000)
    found = reliability(rng.random(20_000) < p, p)
    assert found.n.sum() == 20_000
    inside = (found.low <= found.predicted) & (found.predicted <= found.high)
    assert inside.sum() >= 8
    assert (found.low <= found.observed).all()
    assert (found.observed <= found.high).all()


def test_drawing_users_widens_the_interval():
    # Ten rows a user with one outcome and one score: a row bootstrap would call them ten times the evidence.
    rng = np.random.default_rng(5)
    p = np.repeat(rng.random(300), 10)
    y = np.repeat(rng.random(300) < p[::10], 10)
    by_row = measure(y, p, replicates=300).roc_auc
    by_user = measure(y, p, np.repeat(np.arange(300), 10), replicates=300).roc_auc
    assert by_user.high - by_user.low > 2.5 * (by_row.high - by_row.low)


def test_interval_covers_the_true_area():
    # Normal scores one apart: the true area is Phi(1 / sqrt 2).
    rng, truth, hits = np.random.default_rng(6), 0.7602499, 0
    for seed in range(150):
        y = np.arange(300) < 90
        score = rng.normal(size=300) + y
        found, _ = bootstrap(rank_outcomes(y, score).profile, None, 300, replicates=200, seed=seed)
        hits += found["roc_auc"].low <= truth <= found["roc_auc"].high
    assert 0.90 <= hits / 150 <= 0.99


def test_a_model_compared_with_itself_differs_by_nothing(drawn):
    y, p = drawn
    found = compare(y, p, p, replicates=20)
    assert found["roc_auc"].low == found["roc_auc"].high == 0.0


def test_scores_of_two_moments_are_compared_on_the_same_users():
    rng = np.random.default_rng(12)
    user = np.repeat(np.arange(300), 4)
    y = rng.random(1200) < 0.3
    score = y + rng.normal(0, 1.5, 1200)
    # The same rows at both moments: nothing is open, which intervals apart could not say.
    same = compare_moments((y, score, user), (y, score, user), replicates=50)
    assert same["roc_auc"].low == same["roc_auc"].high == 0.0
    # The later moment has a part of the rows, in another order.
    later = rng.permutation(1200)[:500]
    found = compare_moments((y[later], score[later], user[later]), (y, score, user), replicates=400, seed=3)
    apart = [reference.roc_auc_score(y[rows], score[rows]) for rows in (later, np.arange(1200))]
    assert found["roc_auc"].value == pytest.approx(apart[0] - apart[1])
    one, other = (
        measure(y[rows], 1 / (1 + np.exp(-score[rows])), user[rows], replicates=400, seed=3).roc_auc
        for rows in (later, np.arange(1200))
    )
    width = np.hypot(one.high - one.low, other.high - other.low)
    assert found["roc_auc"].high - found["roc_auc"].low < 0.9 * width


def test_slices_without_enough_buyers_have_no_ranking():
    rng = np.random.default_rng(7)
    y = rng.random(400) < 0.3
    members = np.array(["many"] * 390 + ["few"] * 10, dtype=object)
    y[-10:] = False
    found = slice_scores(y, np.where(y, 0.6, 0.2), np.arange(400), members, replicates=20).set_index("slice")
    assert found.loc["many", "roc_auc"] == 1.0
    assert np.isnan(found.loc["few", "roc_auc"])
    assert found.loc["few", "positives"] == 0
    with pytest.raises(JourneyError, match="one length"):
        slice_scores(y[:3], np.zeros(2), np.arange(3), members[:3])
    with pytest.raises(JourneyError, match="at least one row"):
        slice_scores(y[:0], np.zeros(0), np.arange(0), members[:0])


def test_platt_finds_the_planted_line():
    rng = np.random.default_rng(8)
    x = rng.normal(size=40_000)
    score = 1 / (1 + np.exp(-x))
    y = rng.random(40_000) < 1 / (1 + np.exp(-(-1.0 + 0.5 * x)))
    intercept, slope = fit_calibration(y, score, "platt").knots
    assert intercept == pytest.approx(-1.0, abs=0.05)
    assert slope == pytest.approx(0.5, abs=0.05)


def test_isotonic_is_monotone_and_calibrates():
    rng = np.random.default_rng(9)
    truth = rng.random(20_000)
    score = truth**3
    fitted = fit_calibration(rng.random(20_000) < truth, score, "isotonic")
    grid = fitted(np.linspace(0, 1, 200))
    assert (np.diff(grid) >= 0).all()
    assert np.abs(fitted(score) - truth).mean() < 0.03


def test_calibration_is_left_alone_where_it_is_right_and_done_where_it_is_wrong():
    rng = np.random.default_rng(10)
    truth = rng.beta(1, 10, 8000)
    y, users = rng.random(8000) < truth, np.arange(8000)
    assert choose_calibration(y, truth, users).method == "none"
    assert choose_calibration(y, np.sqrt(truth), users).method == "platt"
    with pytest.raises(JourneyError, match="unknown calibration 'beta'"):
        fit_calibration(y, truth, "beta")  # type: ignore[arg-type]
    with pytest.raises(JourneyError, match="both classes"):
        fit_calibration(np.zeros(5), np.zeros(5), "platt")


def test_bounds_stand_around_the_value(drawn):
    y, p = drawn
    found = measure(y, p, np.arange(len(y)) // 2, replicates=100)
    for name, estimate in vars(found).items():
        if hasattr(estimate, "low"):
            assert estimate.low <= estimate.value <= estimate.high, name
    assert found.groups == 1500


def test_calibration_counts_all_rows_when_it_refuses():
    # One positive: the rows outside its own fold have none.
    y, p = np.arange(40) == 7, np.linspace(0.1, 0.9, 40)
    with pytest.raises(JourneyError, match="1 positives of 40 rows of 40 users"):
        choose_calibration(y, p, np.arange(40))


def test_a_difference_that_overlapping_intervals_hide() -> None:
    # The second score is the first with a little noise: its own interval is as wide, their difference is not.
    rng = np.random.default_rng(8)
    score = rng.normal(size=1500)
    y = rng.random(1500) < 1 / (1 + np.exp(2 - score))
    noisy = score + rng.normal(0, 0.35, 1500)
    one, two = (
        bootstrap(rank_outcomes(y, each).profile, None, 1500, replicates=300, seed=1)[0]["roc_auc"]
        for each in (score, noisy)
    )
    assert two.high > one.low
    paired = compare(y, score, noisy, replicates=300, seed=1)["roc_auc"]
    assert paired.low > 0
    assert paired.high - paired.low < (one.high - one.low) / 2
