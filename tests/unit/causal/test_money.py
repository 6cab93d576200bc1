"""What a coupon brings, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from journey.causal import naive_difference
from journey.causal.money import Offer, discount_offer
from journey.errors import JourneyError


def test_a_discount_costs_all_who_buy_and_earns_by_those_who_buy_because_of_it():
    # Two of four buy, at 10 and 20 percent of 50: 5 and 10 are given away, 3.75 a coupon.
    offer = discount_offer([1, 1, 0, 0], [10, 20, 10, 10], basket=50.0, margin=0.4)
    assert (offer.value, offer.cost, offer.n) == pytest.approx((20.0, 3.75, 4))
    # An effect of 0.25 brings one purchase more among the four: 20 of margin, less 15 given away.
    assert offer.gain(0.25) == pytest.approx(5.0)
    assert offer.gain(offer.cost / offer.value) == pytest.approx(0.0)


def test_what_is_promised_follows_the_interval_and_is_judged_by_the_truth():
    treated = np.repeat([0, 1], 50)
    bought = np.r_[np.arange(50) < 10, np.arange(50) < 25].astype(float)
    effect = naive_difference(bought, treated)
    offer = Offer(10.0, 2.0, 100)
    promised = offer.promised(effect)
    assert promised.value == pytest.approx((0.3 * 10 - 2) * 100)
    assert promised.low == pytest.approx((effect.low * 10 - 2) * 100)
    assert promised.high == pytest.approx((effect.high * 10 - 2) * 100)
    outcome = offer.decided(0.3, 0.1)
    assert outcome.treat
    assert outcome.gain == pytest.approx(offer.gain(0.1)) == -100
    assert outcome.regret == pytest.approx(100)


@pytest.mark.parametrize(
    ("bought", "percent", "margin", "message"),
    [
        ([], [], 0.4, "one length"),
        ([1, 0], [10], 0.4, "one length"),
        ([1, np.nan], [10, 10], 0.4, "missing"),
        ([1, 0], [10, 10], 1.4, "between 0 and 1"),
    ],
)
def test_what_is_no_discount_is_refused(bought, percent, margin, message):
    with pytest.raises(JourneyError, match=message):
        discount_offer(bought, percent, basket=50.0, margin=margin)
