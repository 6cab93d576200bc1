"""Intervals of a difference of two values that share no data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from journey.inference.differences import independent_difference
from journey.inference.intervals import wilson_interval


def test_newcombes_published_interval():
    # Newcombe (1998), table II, (a): 56 of 70 less 48 of 80, method 10: 0.0524 to 0.3339.
    bounds = [(k / n, *map(float, wilson_interval(k, n))) for k, n in ((56, 70), (48, 80))]
    assert independent_difference(*bounds) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_a_difference_is_covered_where_overlapping_intervals_would_hide_it():
    # Two means 2.9 standard errors of their difference apart: their own intervals overlap half the time.
    rng, runs = np.random.default_rng(1), 2000
    one, other = rng.normal(2.9 * np.sqrt(2), 1, runs), rng.normal(0, 1, runs)
    found = [
        independent_difference((a, a - 1.96, a + 1.96), (b, b - 1.96, b + 1.96))
        for a, b in zip(one, other, strict=True)
    ]
    covered = sum(low <= 2.9 * np.sqrt(2) <= high for _, low, high in found)
    assert binomtest(covered, runs, 0.95).pvalue > 0.001
    clear, apart = np.mean([low > 0 for _, low, _ in found]), np.mean(one - other > 2 * 1.96)
    assert clear > apart + 0.2
