"""The share of the best customers: known values, its interval's coverage, degenerate money."""

import numpy as np
import pytest
from scipy.stats import norm

from journey.customers.concentration import top_share
from journey.errors import JourneyError


def test_known_shares():
    assert top_share(np.ones(100), n_boot=20).value == pytest.approx(0.1)
    one = top_share([*np.zeros(9), 5.0], n_boot=20)
    assert (one.value, one.low, one.high, one.customers) == (1.0, 1.0, 1.0, 1)
    # 11 customers: the best tenth are two.
    eleven = top_share(np.arange(1, 12), n_boot=50)
    assert (eleven.customers, eleven.value) == (2, pytest.approx(21 / 66))
    assert eleven.low <= eleven.value <= eleven.high


@pytest.mark.parametrize(("spread", "least"), [(0.7, 0.91), (1.2, 0.88)])
def test_the_interval_covers_the_share_of_log_normal_money(spread, least):
    # Share of the best tenth of a log-normal: Phi(sigma - z), z its 90% point.
    truth = norm.cdf(spread - norm.ppf(0.9))
    rng = np.random.default_rng(3)
    hits = []
    for run in range(160):
        found = top_share(rng.lognormal(0, spread, 1000), n_boot=200, seed=run)
        hits.append(found.low <= truth <= found.high)
    # Nominal 95%; the standard error of 160 runs is 1.7 points.
    assert least <= np.mean(hits) <= 0.99


@pytest.mark.parametrize("money", [[], [0.0, 0.0], [1.0, -1.0], [1.0, np.nan], [np.inf, 1.0]])
def test_money_without_a_best_customer_is_one_sentence(money):
    with pytest.raises(JourneyError, match="cannot be told"):
        top_share(money)
