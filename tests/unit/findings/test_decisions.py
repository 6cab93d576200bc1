"""The simulation behind the decisions: laws of the inputs, worths by hand, worth of knowing, swings."""

import json

import numpy as np
import pytest
from scipy import stats

from journey.errors import JourneyError
from journey.findings.decisions.collect import price_of_halves, verdict
from journey.findings.decisions.inputs import Known, known, ledgers, questions, uncertain
from journey.findings.decisions.worth import Input, Judged, draw, judge, swings
from journey.findings.desk import USERS, Desk
from journey.paths import project

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


def test_worths_by_hand():
    one = {
        key: np.array([value])
        for key, value in {
            "margin": 0.5,
            "won": 0.1,
            "lost": 1000.0,
            "work": 20.0,
            "lift": 0.2,
            "after_cart": 0.25,
            "order": 40.0,
            "help": 0.6,
            "coupon": 0.02,
            "revenue": 1.5,
            "parcel": 5.0,
            "orders": 0.2,
        }.items()
    }
    found = {
        each.key: each.worth(one)[0]
        for each in questions(Known(700.0, 100.0, 50.0, 1.2, 1.5), "cart to checkout")
    }
    assert found["repair"] == pytest.approx(0.5 * 0.1 * 1000 - 20)
    assert found["assist"] == pytest.approx(100 * (0.2 * 0.5 * 0.25 * 40 - 0.6))
    assert found["stop"] == pytest.approx(50 * (1.2 - 0.02 * 0.5 * 1.5 * 40))
    assert found["ship"] == pytest.approx(700 * (0.5 * 1.5 - 5 * 0.2))


@pytest.mark.parametrize(
    ("low", "high", "untested", "says"),
    [
        (1, 3, False, "do it"),
        (1, 3, True, "test it first"),
        (-3, -1, True, "leave it"),
        (-1, 3, False, "lean to it"),
        (-1, 3, True, "test it first"),
        (-3, 1, False, "not yet"),
    ],
)
def test_an_assumed_effect_is_never_done_untested(low, high, untested, says):
    assert verdict(Judged((low + high) / 2, low, high, 0.5, 0.0), untested) == says


def test_at_the_assumptions_the_worths_are_those_of_the_chapters():
    """With every input at its value the arithmetic gives what the chapters say: nothing is counted twice."""
    desk = Desk("decisions", project())
    numbers = ledgers(desk)
    at = {key: np.array([each.value]) for key, each in uncertain(desk, numbers).items()}
    found = {each.key: each.worth(at)[0] for each in questions(known(numbers), "step")}
    work = desk.assumptions["funnel.repair_cost"]
    assert found["repair"] == pytest.approx(numbers["funnel"].funnel.top_overall_value.value - work, rel=1e-6)
    a_user = numbers["experiments"].experiments.rollout_value.value / USERS
    assert found["ship"] == pytest.approx(a_user * numbers["funnel"].funnel.visitors.value, rel=1e-6)
    stop = -numbers["causal"].causal.promised_doubly_robust.value
    assert found["stop"] == pytest.approx(stop, rel=1e-6)


def test_a_test_of_halves_costs_what_the_other_half_would_save():
    # 100 a quarter, half of it forgone for two quarters; knowing brings 20 a quarter, so five quarters pay.
    forgone, years = price_of_halves(Judged(100.0, -50.0, 250.0, 0.8, 20.0), 180)
    assert forgone == pytest.approx(100.0)
    assert years == pytest.approx(5 * 90 / 365)
    # Who would decide the same whatever the test says never gets it back.
    assert price_of_halves(Judged(100.0, 50.0, 150.0, 1.0, 0.0), 180)[1] == float("inf")
    # Where going on is expected to be best, the half that stops forgoes as much.
    assert price_of_halves(Judged(-100.0, -250.0, 50.0, 0.2, 20.0), 180) == (forgone, years)


def test_nothing_assumed_has_a_narrow_range():
    desk = Desk("decisions", project())
    inputs, factor = uncertain(desk, ledgers(desk)).values(), desk.assumptions["decisions.spread"]
    assumed = [each for each in inputs if each.kind != "measured"]
    assert len(assumed) >= 5
    for each in assumed:
        low, high = (float(each.quantile(tail, factor)) for tail in (0.025, 0.975))
        assert high - low >= each.value, each.name
    kept = json.loads((project().results / "decisions" / "numbers.json").read_text("utf-8"))["numbers"]
    worths = [each for each in kept if each["id"].endswith("_worth")]
    assert len(worths) == 4
    assert all(each["low"] < each["value"] < each["high"] for each in worths)
