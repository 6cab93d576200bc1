"""Curves, areas, calibration and groups, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from journey.errors import JourneyError
from journey.uplift import (
    GROUPS,
    four_groups,
    frechet_bounds,
    heterogeneity_test,
    normalised_auuc,
    normalised_qini,
    qini_curve,
    ranking_quality,
    uplift_by_bin,
    uplift_curve,
)


def experiment(rng: np.random.Generator, n: int, *, spread: float = 0.15):
    """A randomised test in which the effect is 0.05 plus up to +-`spread`, along one covariate."""
    x = rng.uniform(-1, 1, n)
    effect = 0.05 + spread * x
    treatment = rng.integers(0, 2, n)
    outcome = (rng.random(n) < 0.3 + treatment * effect).astype(float)
    return x, treatment, outcome, effect


def test_curves_by_hand():
    # Ranked: treated yes, untreated no, treated no, untreated yes.
    outcome, treatment, score = [1, 0, 0, 1], [1, 0, 1, 0], [4, 3, 2, 1]
    share, qini = qini_curve(outcome, treatment, score)
    assert share == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert qini == pytest.approx([0, 0.5, 0.5, 0.5, 0])
    _, uplift = uplift_curve(outcome, treatment, score)
    assert uplift == pytest.approx([0, 0.25, 0.5, 0.75 * 0.5, 0])
    quality = ranking_quality(outcome, treatment, score, ks=(0.5,), n_boot=20)
    assert quality.qini.value == pytest.approx(0.25 * (0.25 + 0.5 + 0.5 + 0.25))
    assert quality.auuc.value == pytest.approx(0.25 * (0.125 + 0.375 + 0.4375 + 0.1875))
    assert quality.uplift_at[0.5].value == pytest.approx(1.0)


def test_curves_end_at_the_average_effect_and_ignore_row_order():
    rng = np.random.default_rng(0)
    x, treatment, outcome, _ = experiment(rng, 3000)
    score = np.round(x, 1)
    difference = outcome[treatment == 1].mean() - outcome[treatment == 0].mean()
    for curve in (qini_curve, uplift_curve):
        share, values = curve(outcome, treatment, score)
        assert values[-1] == pytest.approx(difference)
        order = rng.permutation(3000)
        again = curve(outcome[order], treatment[order], score[order])
        assert share == pytest.approx(again[0])
        assert values == pytest.approx(again[1])


def test_area_of_a_perfect_ranking_is_the_analytic_one():
    # Effect 0.05 + 0.15 x with x uniform on (-1, 1): ranking by x, U(s) = s (0.05 + 0.15 (1 - s)), so the
    # area over random is the integral of 0.15 s (1 - s) = 0.025; the Qini coefficient is the same here.
    x, treatment, outcome, _ = experiment(np.random.default_rng(1), 400_000)
    quality = ranking_quality(outcome, treatment, x, n_boot=20)
    assert quality.auuc_gain.value == pytest.approx(0.025, abs=0.001)
    assert quality.qini.value == pytest.approx(0.025, abs=0.001)
    assert quality.uplift_at[0.2].value == pytest.approx(0.05 + 0.15 * 0.8, abs=0.008)
    assert quality.average_effect.value == pytest.approx(0.05, abs=0.005)


def test_bootstrap_interval_covers_the_true_qini_and_a_random_ranking_has_none():
    rng = np.random.default_rng(2)
    runs, hits, null_hits = 150, 0, 0
    for run in range(runs):
        x, treatment, outcome, _ = experiment(rng, 1000)
        quality = ranking_quality(outcome, treatment, x, n_boot=150, seed=run)
        hits += quality.qini.low <= 0.025 <= quality.qini.high
        noise = ranking_quality(outcome, treatment, rng.random(1000), n_boot=150, seed=run)
        null_hits += noise.qini.low <= 0 <= noise.qini.high
    for count in (hits, null_hits):
        assert binomtest(count, runs, 0.95).pvalue > 0.001, count / runs


def test_bands_contain_the_curve_and_the_seed_decides():
    x, treatment, outcome, _ = experiment(np.random.default_rng(3), 2000)
    one, two, other = (ranking_quality(outcome, treatment, x, seed=s, n_boot=100) for s in (1, 1, 2))
    inside = (one.qini_low <= one.qini_curve) & (one.qini_curve <= one.qini_high)
    assert inside.mean() > 0.95
    assert np.array_equal(one.qini_replicates, two.qini_replicates)
    assert not np.array_equal(one.qini_replicates, other.qini_replicates)


def test_clusters_widen_the_interval():
    rng = np.random.default_rng(4)
    x, treatment, outcome, _ = experiment(rng, 400)
    copies = np.repeat(np.arange(400), 9)
    plain = ranking_quality(outcome[copies], treatment[copies], x[copies], n_boot=300)
    honest = ranking_quality(outcome[copies], treatment[copies], x[copies], n_boot=300, clusters=copies)
    ratio = (honest.qini.high - honest.qini.low) / (plain.qini.high - plain.qini.low)
    assert ratio == pytest.approx(3, rel=0.2)
    assert honest.n_units == 400


def test_normalised_areas_are_one_for_the_best_ranking():
    _, treatment, outcome, _ = experiment(np.random.default_rng(5), 1000)
    best = outcome * treatment - outcome * (1 - treatment)
    assert normalised_qini(outcome, treatment, best) == pytest.approx(1)
    assert normalised_qini(outcome, treatment, -best) < 0
    assert abs(normalised_auuc(outcome, treatment, np.zeros(1000))) < 1e-12


def test_bins_split_evenly_and_find_the_effect():
    x, treatment, outcome, effect = experiment(np.random.default_rng(6), 200_000)
    bins = uplift_by_bin(outcome, treatment, effect)
    assert (bins.n_treated + bins.n_control == 20_000).all()
    assert (np.diff(bins.predicted) < 0).all()
    assert bins.calibration_error < 0.01
    assert bins.rank_correlation > 0.97
    assert ((bins.low <= bins.predicted) & (bins.predicted <= bins.high)).sum() >= 8
    exaggerated = uplift_by_bin(outcome, treatment, 3 * effect)
    assert exaggerated.calibration_error > 0.1
    assert uplift_by_bin(outcome, treatment, x, bins=1).observed == pytest.approx(
        [outcome[treatment == 1].mean() - outcome[treatment == 0].mean()]
    )


def test_heterogeneity_slope_tells_calibrated_from_exaggerated_and_noise():
    rng = np.random.default_rng(7)
    _, treatment, outcome, effect = experiment(rng, 100_000)
    right = heterogeneity_test(outcome, treatment, effect)
    assert right.slope.low <= 1 <= right.slope.high
    assert right.average.value == pytest.approx(0.05, abs=0.01)
    assert right.p_value < 1e-10
    double = heterogeneity_test(outcome, treatment, 2 * effect)
    assert double.slope.value == pytest.approx(right.slope.value / 2)
    false_alarms = sum(
        heterogeneity_test(outcome[:2000], treatment[:2000], rng.random(2000)).p_value < 0.05
        for _ in range(300)
    )
    assert binomtest(false_alarms, 300, 0.05).pvalue > 0.001
    with pytest.raises(JourneyError, match="equal"):
        heterogeneity_test(outcome, treatment, np.ones(100_000))


def test_frechet_bounds_by_hand():
    low, high = frechet_bounds(0.18, 0.11)
    assert low == pytest.approx([0.07, 0, 0.71, 0])
    assert high == pytest.approx([0.18, 0.11, 0.82, 0.11])
    low, high = frechet_bounds(0.7, 0.6)
    assert low == pytest.approx([0.1, 0.3, 0, 0])
    assert high == pytest.approx([0.4, 0.6, 0.3, 0.3])
    with pytest.raises(JourneyError, match="between 0 and 1"):
        frechet_bounds(1.2, 0.1)


def test_bounds_hold_the_true_shares_and_strata_narrow_them():
    rng = np.random.default_rng(8)
    n = 100_000
    stratum = rng.integers(0, 2, n)
    # Stratum 0: half are persuadable; stratum 1: half are sleeping dogs; the rest never buy.
    kind = np.where(rng.random(n) < 0.5, np.where(stratum == 0, 0, 3), 2)
    treatment = rng.integers(0, 2, n)
    outcome = np.where(kind == 0, treatment, np.where(kind == 3, 1 - treatment, 0))
    truth = np.bincount(kind, minlength=4) / n
    overall = four_groups(outcome, treatment, n_boot=200)
    strata = four_groups(outcome, treatment, strata=stratum, n_boot=200)
    for i, group in enumerate(GROUPS):
        for result in (overall, strata):
            assert result[group].outer_low <= truth[i] <= result[group].outer_high
        assert strata[group].high - strata[group].low <= overall[group].high - overall[group].low + 1e-12
    assert overall["sleeping dog"].low < 0.01
    assert strata["sleeping dog"].low == pytest.approx(0.25, abs=0.01)
    assert strata.n_strata == 2


def test_bounds_under_monotonicity():
    outcome = np.r_[np.ones(30), np.zeros(70), np.ones(20), np.zeros(80)]
    treatment = np.repeat([1, 0], 100)
    groups = four_groups(outcome, treatment, n_boot=50)
    assert [groups[g].if_never_harmful for g in GROUPS] == pytest.approx([0.1, 0.2, 0.7, 0.0])
    contradicted = four_groups(outcome, 1 - treatment, n_boot=50)
    assert contradicted["persuadable"].if_never_harmful is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"score": [1.0, np.nan, 2.0, 3.0]}, "1 missing"),
        ({"score": [1.0, 2.0]}, "one number per person"),
        ({"treatment": [1, 1, 1, 1]}, "each arm"),
        ({"ks": (0.0,)}, "Every k"),
        ({"n_boot": 1}, "at least 2"),
    ],
)
def test_bad_rankings_are_refused(change, reason):
    given = {"outcome": [1, 0, 1, 0], "treatment": [1, 0, 1, 0], "score": [1, 2, 3, 4], "n_boot": 10} | change
    outcome, treatment, score = (given.pop(k) for k in ("outcome", "treatment", "score"))
    with pytest.raises(JourneyError, match=reason):
        ranking_quality(outcome, treatment, score, **given)


def test_other_bad_input_is_refused():
    with pytest.raises(JourneyError, match="0 or 1"):
        normalised_auuc([0, 2, 1, 0], [0, 1, 0, 1], [1, 2, 3, 4])
    with pytest.raises(JourneyError, match="0 or more"):
        normalised_qini([0, -2, 1, 0], [0, 1, 0, 1], [1, 2, 3, 4])
    with pytest.raises(JourneyError, match="bins"):
        uplift_by_bin([0, 1, 1, 0], [0, 1, 0, 1], [1, 2, 3, 4], bins=3)
    with pytest.raises(JourneyError, match="lack an arm"):
        four_groups([0, 1, 1, 0], [0, 1, 0, 1], strata=[0, 1, 2, 3])
