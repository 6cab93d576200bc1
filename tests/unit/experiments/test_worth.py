"""What decisions are worth: laws of the inputs, worth of knowing, swings."""

import numpy as np
import pytest
from scipy import stats

from journey.errors import JourneyError
from journey.experiments.worth import Input, draw, judge, swings

MEASURED = Input("effect", "measured", 2.0, 0.04, 3.96)
PRICE = Input("price", "price", 4.0, 0.0, 100.0)
EFFECT = Input("effect", "effect", 0.1, 0.0, 1.0)


def test_a_measured_input_has_the_law_of_its_interval():
    drawn = draw({"m": MEASURED}, 200_000, 2.0, seed=1)["m"]
    assert drawn.mean() == pytest.approx(2.0, abs=0.01)
    assert drawn.std() == pytest.approx(1.0, abs=0.01)
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx([0.04, 3.96], abs=0.03)


def test_an_assumed_price_is_even_on_the_log_scale_and_an_assumed_effect_starts_at_nothing():
    drawn = draw({"p": PRICE, "e": EFFECT}, 100_000, 2.0, seed=2)
    assert (drawn["p"].min(), drawn["p"].max()) == pytest.approx((2.0, 8.0), rel=0.001)
    assert stats.kstest(np.log2(drawn["p"]), stats.uniform(1, 2).cdf).pvalue > 0.01
    assert (drawn["e"].min(), drawn["e"].max()) == pytest.approx((0.0, 0.2), abs=0.001)
    assert drawn["e"].mean() == pytest.approx(0.1, abs=0.001)


def test_no_draw_passes_the_bounds_of_an_assumption():
    drawn = draw({"p": Input("margin", "price", 0.8, 0.5, 1.0)}, 5_000, 2.0, seed=3)["p"]
    assert (drawn.min(), drawn.max()) == (0.5, 1.0)


def test_the_same_seed_gives_the_same_draws_and_inputs_are_independent():
    first, again = (draw({"a": MEASURED, "b": MEASURED}, 50_000, 2.0, seed=4) for _ in range(2))
    assert np.array_equal(first["a"], again["a"])
    assert abs(np.corrcoef(first["a"], first["b"])[0, 1]) < 0.02


@pytest.mark.parametrize(("number", "factor", "message"), [(999, 2.0, "too few"), (1000, 0.9, "at least 1")])
def test_impossible_settings_are_refused(number, factor, message):
    with pytest.raises(JourneyError, match=message):
        draw({"m": MEASURED}, number, factor, seed=1)


def test_what_knowing_is_worth_is_the_published_loss_integral():
    # For a normal worth the value of perfect information is the unit normal loss integral times the spread.
    drawn = draw({"m": Input("worth", "measured", 1.0, 1 - 1.96 * 3, 1 + 1.96 * 3)}, 400_000, 2.0, seed=5)
    z = 1 / 3
    loss = 3 * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    found = judge(lambda of: of["m"], drawn)
    assert found.knowing == pytest.approx(loss, rel=0.02)
    assert found.chance == pytest.approx(stats.norm.cdf(z), abs=0.005)
    assert found.expected == pytest.approx(1.0, abs=0.02)


def test_swings_are_widest_first_and_leave_out_what_does_not_matter():
    inputs = {
        "small": Input("s", "measured", 0, -1, 1),
        "idle": MEASURED,
        "large": Input("l", "measured", 0, -9, 9),
    }
    found = swings(lambda of: of["small"] - of["large"], inputs, 2.0)
    assert list(found) == ["large", "small"]
    assert found["large"] == pytest.approx((9, -9))
    assert found["small"] == pytest.approx((-1, 1))
