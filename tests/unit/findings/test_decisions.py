"""The decisions: their worths by hand, what is said of them, and what a test of one costs."""

import json

import numpy as np
import pytest

from journey.experiments.worth import Judged
from journey.findings.decisions.collect import price_of_halves, verdict
from journey.findings.decisions.inputs import Known, known, ledgers, questions, uncertain
from journey.findings.desk import USERS, Desk
from journey.paths import project


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
