"""What all methods share: one estimate, intervals, and resampling by named schemes."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.inference.estimate import Estimate, scaled
from journey.inference.intervals import (
    normal_interval,
    normal_quantile,
    percentile_estimate,
    student_interval,
    wilson_estimate,
)
from journey.inference.resampling import bundle_codes, resample_counts, sampled_rows


def test_a_percentile_estimate_holds_its_value_and_leaves_out_what_is_undefined():
    draws = np.r_[np.linspace(0.0, 1.0, 101), np.nan, np.inf]
    found = percentile_estimate(0.4, draws, 0.9, n=7)
    assert (found.low, found.high) == pytest.approx((0.05, 0.95))
    assert (found.level, found.n, found.method) == (0.9, 7, "percentile bootstrap")
    assert percentile_estimate(1.5, draws).high == 1.5


@pytest.mark.parametrize(("scheme", "spread"), [("multinomial", 0.0), ("poisson", 20.0**0.5)])
def test_both_schemes_draw_each_unit_once_on_average(scheme, spread):
    """The number of units is fixed in the one and Poisson distributed in the other."""
    counts = np.concatenate([*resample_counts(20, 20_000, 3, scheme=scheme, cells=5000)])
    assert counts.shape == (20_000, 20)
    # Four Monte-Carlo errors of 400,000 counts and of 20,000 totals.
    assert counts.mean() == pytest.approx(1.0, abs=0.0064)
    assert counts.sum(axis=1).std() == pytest.approx(spread, abs=0.09)


@pytest.mark.parametrize("scheme", ["multinomial", "poisson"])
def test_batches_do_not_change_the_draws_and_a_generator_goes_on(scheme):
    whole, parts = (
        np.concatenate([*resample_counts(50, 40, 3, scheme=scheme, cells=cells)]) for cells in (10_000, 120)
    )
    assert (whole == parts).all()
    rng = np.random.default_rng(3)
    first, second = (np.concatenate([*resample_counts(50, 40, rng, scheme=scheme)]) for _ in range(2))
    assert (first == whole).all()
    assert (second != whole).any()


def test_a_sample_of_rows_is_even_ordered_and_seeded():
    assert sampled_rows(3, 5, 1).tolist() == sampled_rows(3, 3, 1).tolist() == [0, 1, 2]
    drawn = sampled_rows(1000, 200, 1)
    assert (np.diff(drawn) > 0).all()
    assert len(drawn) == 200
    assert (drawn == sampled_rows(1000, 200, 1)).all()
    counts = np.bincount(np.concatenate([sampled_rows(10, 4, seed) for seed in range(5000)]), minlength=10)
    # Four Monte-Carlo errors of 5,000 draws of a chance of 0.4.
    assert counts / 5000 == pytest.approx(0.4, abs=0.028)


def test_bundles_are_even_and_seeded():
    codes = bundle_codes(50_000, 5, 2)
    assert np.bincount(codes) / 50_000 == pytest.approx(0.2, abs=0.0072)
    assert (codes == bundle_codes(50_000, 5, 2)).all()


def test_a_share_with_its_wilson_interval():
    """Printed in Newcombe (1998), Two-sided confidence intervals for the single proportion."""
    printed = ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611))
    for successes, total, low, high in printed:
        found = wilson_estimate(successes, total)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
        assert (found.value, found.n, found.method) == (successes / total, total, "Wilson")
    with pytest.raises(JourneyError, match="a share of nothing"):
        wilson_estimate(0, 0)


def test_a_mean_has_the_interval_of_student():
    # t(0.975; 4) = 2.776445, printed in every table; the standard error of 1..5 is sqrt(2.5 / 5).
    found = student_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (found.value, found.n, found.method) == (3.0, 5, "Student")
    half = 2.776445 * 0.5**0.5
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), abs=1e-6)
    # t(0.95; 4) = 2.131847.
    assert student_interval([1, 2, 3, 4, 5], 0.9).high == pytest.approx(3 + 2.131847 * 0.5**0.5, abs=1e-6)
    with pytest.raises(JourneyError, match="at least two values"):
        student_interval([1.0])


def test_a_standard_error_gives_the_normal_interval():
    found = normal_interval(10.0, 2.0, 0.9)
    assert (found.low, found.high) == pytest.approx((10 - 2 * 1.644854, 10 + 2 * 1.644854), abs=1e-5)
    assert (found.value, found.level, found.method) == (10.0, 0.9, "normal")
    assert normal_interval(10.0, 2.0, decimals=2).high == 10.0 + 1.96 * 2.0
    assert normal_interval(10.0, 2.0).high == 10.0 + normal_quantile(0.95) * 2.0


def test_an_estimate_in_money_keeps_what_it_rests_on():
    found = scaled(Estimate(2.0, 1.0, 4.0, 0.9, 7, "drawn"), 0.5, less=3.0)
    assert found == Estimate(-2.0, -2.5, -1.0, 0.9, 7, "drawn")
    lost = scaled(Estimate(2.0, 1.0, 4.0), -1.0)
    assert (lost.value, lost.low, lost.high) == (-2.0, -4.0, -1.0)
