"""Effects on a quantile with few units: how often a test of no effect rejects, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from journey.experiments import quantile_effect
from journey.experiments.quantile import least_units, quantile_draws


@pytest.mark.parametrize(("quantile", "least"), [(0.5, 10), (0.9, 50), (0.05, 100), (0.99, 500)])
def test_the_least_number_of_units_grows_to_the_edges(quantile, least):
    assert least_units(quantile) == least


def test_draws_have_the_law_of_the_values_below_the_quantile():
    """Between the J-th value and the next with J from the binomial distribution, exactly."""
    n, quantile, size = 12, 0.75, 100_000
    drawn = quantile_draws(np.arange(1.0, n + 1), quantile, size, np.random.default_rng(1))
    counted = np.bincount(np.floor(drawn).astype(int), minlength=n + 1)[1:n] / size
    # Four Monte-Carlo errors.
    assert counted == pytest.approx(stats.binom.pmf(np.arange(1, n), n, quantile), abs=0.0056)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("times", [1, 20])
def test_few_units_raise_no_false_alarms(quantile, times):
    """Two- and one-sided, equal and very unequal arms of skewed values, from the least number of units on.

    The percentile bootstrap raised 18% with 5 units for the 90th percentile, and 8 to 11% with these unequal
    arms.
    """
    n, runs, rng = least_units(quantile), 500 if quantile == 0.99 else 1000, np.random.default_rng(7)
    p_values = {"two-sided": [], "greater": [], "less": []}
    for run in range(runs):
        arms = rng.lognormal(0.0, 1.5, n), rng.lognormal(0.0, 1.5, times * n)
        for alternative, found in p_values.items():
            effect = quantile_effect(*arms, quantile, alternative=alternative, draws=400, seed=run)
            found.append(effect.p_value)
    for found in p_values.values():
        # Three Monte-Carlo errors above 5%.
        assert np.mean(np.array(found) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
