"""Findings of chapter 12: decisions ranked by expected worth, what moves them, and the tests to run."""

from __future__ import annotations

import pandas as pd

from journey import experiments as engine
from journey.errors import JourneyError
from journey.experiments.worth import Input, Judged, draw, judge, swings
from journey.findings.decisions.inputs import Known, Question, known, ledgers, questions, uncertain
from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate
from journey.report.ledger import Numbers

SOURCE = "journey.findings.decisions.collect"
WORTH = "journey.experiments.worth"
DRAWS, SEED = 40_000, 12
METHOD = f"simulation, {DRAWS:,} draws of every uncertain input"
POWER = 0.8
#: Years within which a test must pay for itself; whom to hold out of the decision where it does not,
#: and where it does. A tenth sees no small effect, but a change of the times.
PATIENCE, HELD = 1, (("tenth", 0.1), ("half", 0.5))
#: Beyond these it does not matter how many.
MOST_YEARS = 100
#: Days of the shop's record.
DAYS = 90
YEAR = 365
#: A test that takes longer than this is none that the shop would finish.
LONGEST = YEAR


def collect(desk: Desk) -> None:
    """Judge every decision, rank them, and size the tests that would settle them."""
    numbers = ledgers(desk)
    inputs, recorded = uncertain(desk, numbers), known(numbers)
    factor = desk.assumptions["decisions.spread"]
    drawn = draw(inputs, DRAWS, factor, SEED)
    asked = questions(recorded, str(numbers["funnel"].funnel.top_overall_step))
    judged = {question.key: judge(question.worth, drawn) for question in asked}
    asked.sort(key=lambda question: -judged[question.key].expected)
    moved = {question.key: swings(question.worth, inputs, factor) for question in asked}
    plans = tests(inputs, recorded, numbers)
    for question in asked:
        register(desk, question, judged[question.key], inputs, moved[question.key], plans[question.key])
    chosen, planned = {"source": "journey.assumptions:load_assumptions"}, {"source": f"{SOURCE}:tests"}
    years, label = plans["ship"][2] / YEAR, "Years of this shop that the test of free shipping takes"
    settings: tuple[Row, ...] = (
        ("draws", DRAWS, "count", "Draws of the simulation"),
        ("spread", factor, "ratio", "Factor by which an assumed input may be wrong", chosen),
        ("power", POWER, "share", "Chance that a planned test finds what it is for"),
        ("ship_years", years, "count", label, planned),
    )
    add_rows(desk, settings, digits=0, source=f"{SOURCE}:collect")
    add_price_of_test(desk, judged["stop"], plans["stop"][2])
    even, parcel = break_even(inputs, recorded), "Cost of a parcel at which free shipping breaks even"
    coupon = "Effect at which a coupon earns its discount"
    rows: tuple[Row, ...] = (
        ("coupon_even", even["coupon_even"], "points", coupon, {"digits": 1}),
        ("parcel_even", even["parcel_even"], "eur", parcel, {"digits": 2}),
    )
    add_rows(desk, rows, source=f"{SOURCE}:break_even")
    desk.save("ranked", ranked(desk, asked, judged))
    desk.save("swings", swing_table(asked, inputs, moved))
    desk.save("tests", test_table(asked, judged, plans))


def price_of_halves(judged: Judged, days: int) -> tuple[float, float]:
    """What a test of halves forgoes while it runs, EUR, and the years after which knowing has paid for that.

    Half go without what is expected to be best; knowing earns its own worth in every 90 days after.
    """
    forgone = abs(judged.expected) / 2 * days / DAYS
    return forgone, forgone / judged.knowing * DAYS / YEAR if judged.knowing > 0 else float("inf")


def add_price_of_test(desk: Desk, judged: Judged, days: int) -> None:
    """Register what a test of the coupons forgoes, and how many are therefore held out as a check."""
    forgone, years = price_of_halves(judged, days)
    held, share = HELD[years <= PATIENCE]
    told = years if years < MOST_YEARS else f"more than {MOST_YEARS}"
    price = {"source": f"{SOURCE}:price_of_halves"}
    cost = share * abs(judged.expected)
    rows: tuple[Row, ...] = (
        ("stop_forgone", forgone, "eur", "What a test of the coupons by halves forgoes", price),
        ("stop_payback", told, "count", "Years until knowing pays for the test of the coupons", price),
        ("stop_held", held, "text", "Part of those due a coupon who are held out of the decision"),
        ("stop_held_cost", cost, "eur", "What holding them out forgoes in 90 days"),
    )
    add_rows(desk, rows, digits=0, source=f"{SOURCE}:add_price_of_test")


def break_even(inputs: dict[str, Input], recorded: Known) -> dict[str, float]:
    """Effect of a coupon that earns its discount, and the cost of a parcel that free shipping can bear."""
    of = {key: each.value for key, each in inputs.items()}
    earned = of["margin"] * recorded.basket_ratio * of["order"]
    parcel = of["margin"] * of["revenue"] / of["orders"]
    return {"coupon_even": recorded.discount / earned, "parcel_even": parcel}


def tests(
    inputs: dict[str, Input], recorded: Known, numbers: dict[str, Numbers]
) -> dict[str, tuple[float, int, int]]:
    """Effect to be found, units of both arms and days at the shop's traffic, by decision."""
    experiments = numbers["experiments"].experiments
    checkout = numbers["funnel"].funnel.checkout_rate.value
    bought, coupon = inputs["after_cart"].value, inputs["coupon"].value
    buyers = numbers["causal"].causal.rate_with.value
    # The test must tell the estimate from the effect at which a coupon earns its discount.
    even = break_even(inputs, recorded)["coupon_even"]
    carts, coupons = recorded.carts / DAYS, recorded.coupons / DAYS
    found = {}
    for key, baseline, effect, a_day in (
        ("repair", checkout, inputs["won"].value * (1 - checkout), carts),
        ("assist", bought, inputs["lift"].value * bought, carts),
        ("stop", buyers - coupon, abs(even - coupon), coupons),
    ):
        total = engine.proportion_sample_size(baseline, effect, power=POWER).total
        found[key] = (effect, total, engine.duration(total, a_day).days)
    total = int(experiments.margin_users.value)
    days = engine.duration(total, experiments.users_per_day.value).days
    found["ship"] = (experiments.margin_worth_seeing.value, total, days)
    return found


def register(
    desk: Desk,
    question: Question,
    judged: Judged,
    inputs: dict[str, Input],
    moved: dict[str, tuple[float, float]],
    plan: tuple[float, int, int],
) -> None:
    """Register what one decision is worth, what moves it most, and the size of its test.

    Raises
    ------
    JourneyError
        When `moved` is empty: no input moves the worth.
    """
    if not moved:
        raise JourneyError(f"no input moves the worth of {question.action!r}")
    worth = Estimate(judged.expected, judged.low, judged.high, method=METHOD)
    widest, swung = inputs[next(iter(moved))].name, {"source": f"{WORTH}:swings"}
    effect, units, days = plan
    tested = {"source": f"{SOURCE}:tests"}
    unit, digits = ("eur", 2) if question.key == "ship" else ("points", 1)
    rows: tuple[Row, ...] = (
        ("worth", worth, "eur", "Expected worth"),
        ("chance", judged.chance, "share", "Chance of being worth more than nothing", {"digits": 0}),
        ("knowing", judged.knowing, "eur", "Worth of knowing before deciding"),
        ("effect", effect, unit, "Effect to be found", tested | {"digits": digits}),
        ("units", units, "count", f"Size of the test, {question.unit}", tested),
        ("days", days, "count", "Days of the test, whole weeks", tested),
        ("moved_by", widest, "text", "Input that moves it most", swung),
    )
    named = [
        (f"{question.key}_{name}", value, unit, f"{label}: {question.action}", *own)
        for name, value, unit, label, *own in rows
    ]
    add_rows(desk, named, source=f"{WORTH}:judge")


def ranked(desk: Desk, asked: list[Question], judged: dict[str, Judged]) -> pd.DataFrame:
    """One row a decision, the highest expected worth first."""
    texts = {number.id: number for number in desk.ledger}
    return pd.DataFrame(
        [
            {
                "key": question.key,
                "decision": question.action,
                "expected": judged[question.key].expected,
                "low": judged[question.key].low,
                "high": judged[question.key].high,
                "worth": f"{number.text} ({number.interval})",
                "chance": judged[question.key].chance,
                "verdict": verdict(judged[question.key], question.key in UNTESTED),
            }
            | BASIS[question.key]
            for question in asked
            for number in [texts[f"decisions.{question.key}_worth"]]
        ]
    )


#: What each worth rests on, by where it comes from.
BASIS = {
    "repair": {
        "measured": "revenue lost at the step",
        "assumed": "share won back, gross margin, cost of the repair",
        "arithmetic": "lost revenue × share × margin − cost",
    },
    "assist": {
        "measured": "carts, how many are bought, value of an order",
        "assumed": "rise through help, its cost, gross margin",
        "arithmetic": "carts × (rise × margin × sales a cart − cost)",
    },
    "stop": {
        "measured": "effect of a coupon, discounts given, value of an order",
        "assumed": "gross margin",
        "arithmetic": "coupons × (discount − effect × margin × order)",
    },
    "ship": {
        "measured": "revenue and orders in the experiment",
        "assumed": "gross margin, cost of a parcel",
        "arithmetic": "visitors × (revenue × margin − parcels × cost)",
    },
}


#: Decisions whose whole effect is assumed: no interval makes them safe before a test.
UNTESTED = frozenset({"repair", "assist"})


def verdict(judged: Judged, untested: bool) -> str:
    """What the interval of a worth says to do."""
    if judged.low > 0:
        return "test it first" if untested else "do it"
    if judged.high < 0:
        return "leave it"
    return ("test it first" if untested else "lean to it") if judged.expected > 0 else "not yet"


def swing_table(
    asked: list[Question], inputs: dict[str, Input], moved: dict[str, dict[str, tuple[float, float]]]
) -> pd.DataFrame:
    """One row a decision and input: its worth at the low and the high end of the input."""
    return pd.DataFrame(
        [
            {
                "decision": question.action,
                "short": question.short,
                "input": inputs[key].name,
                "kind": "measured" if inputs[key].kind == "measured" else "assumed",
                "at_low": low,
                "at_high": high,
            }
            for question in asked
            for key, (low, high) in moved[question.key].items()
        ]
    )


def test_table(
    asked: list[Question], judged: dict[str, Judged], plans: dict[str, tuple[float, int, int]]
) -> pd.DataFrame:
    """One row a decision: the test, its size and length, and what knowing the answer would be worth."""
    rows = [
        {
            "decision": question.action,
            "test": f"{question.test}, given at random to half of the {question.unit}",
            "effect": f"€{effect:.2f} a user" if question.key == "ship" else f"{100 * effect:.1f}\u202fpp",
            "units": units,
            "days": days,
            "knowing": judged[question.key].knowing,
            "feasible": "yes" if days <= LONGEST else "not by this shop",
        }
        for question in asked
        for effect, units, days in [plans[question.key]]
    ]
    return pd.DataFrame(rows).sort_values("knowing", ascending=False, kind="stable", ignore_index=True)
