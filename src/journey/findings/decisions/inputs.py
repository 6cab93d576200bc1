"""The uncertain inputs of the decisions, from ledgers and assumptions, and what each decision is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.experiments.worth import Drawn, Input, Kind, Worth
from journey.findings.desk import Desk
from journey.report.ledger import Figure, Numbers

CHAPTERS = ("causal", "experiments", "funnel")


@dataclass(frozen=True)
class Known:
    """Counts and amounts that are recorded, not estimated."""

    visitors: float
    carts: float
    coupons: float
    discount: float
    basket_ratio: float


@dataclass(frozen=True)
class Question:
    """A decision and the test that would settle it.

    Attributes
    ----------
    key, short : str
        Name in the ledger and in a figure.
    action, test, unit : str
        What would be done, what is randomised, and what is counted, in plain words.
    """

    key: str
    short: str
    action: str
    worth: Worth
    test: str
    unit: str


def ledgers(desk: Desk) -> dict[str, Numbers]:
    """The ledgers of the chapters that the decisions rest on."""
    return {name: Numbers(desk.paths.results / name / "numbers.json") for name in CHAPTERS}


def known(numbers: dict[str, Numbers]) -> Known:
    """What is recorded: visitors, carts and coupons of the 90 days, the discount a coupon costs."""
    causal, funnel = numbers["causal"].causal, numbers["funnel"].funnel
    coupons = causal.promised_doubly_robust.number.n
    return Known(
        visitors=funnel.visitors.value,
        carts=funnel.cart_sessions.value,
        coupons=float(coupons or 0),
        discount=causal.cost_per_session.value,
        basket_ratio=causal.basket.value / funnel.average_order_value.value,
    )


def uncertain(desk: Desk, numbers: dict[str, Numbers]) -> dict[str, Input]:
    """Every uncertain input by its key."""
    causal, funnel = numbers["causal"].causal, numbers["funnel"].funnel
    tests = numbers["experiments"].experiments
    margin, share = (desk.assumptions[name] for name in ("shop.gross_margin", "funnel.recoverable_share"))
    parcel = desk.assumptions["free_shipping.cost_per_order"]
    lost, abandoned, more = funnel.top_overall_value, funnel.abandonment_rate, tests.orders
    # The experiment's margin is the margin on revenue less a parcel for every order of the treated.
    orders = (margin * tests.revenue.value - tests.margin.value) / parcel
    spread = (more.high - more.low) / 2
    return {
        "lost": Input(
            "revenue lost at the step", "measured", *(end / (share * margin) for end in ends(lost))
        ),
        "after_cart": Input(
            "carts that are bought", "measured", 1 - abandoned.value, 1 - abandoned.high, 1 - abandoned.low
        ),
        "order": Input("value of an order", "measured", *ends(funnel.average_order_value)),
        "coupon": Input("effect of a coupon", "measured", *ends(causal.doubly_robust)),
        "revenue": Input("revenue from free shipping", "measured", *ends(tests.revenue)),
        "orders": Input("parcels a user", "measured", orders, orders - spread, orders + spread),
        "margin": assumed(desk, "gross margin", "price", "shop.gross_margin"),
        "parcel": assumed(desk, "cost of a parcel", "price", "free_shipping.cost_per_order"),
        "help": assumed(desk, "cost of helping", "price", "prediction.assist_cost"),
        "work": assumed(desk, "cost of the repair", "price", "funnel.repair_cost"),
        "won": assumed(desk, "share won back", "effect", "funnel.recoverable_share"),
        "lift": assumed(desk, "rise through help", "effect", "prediction.assist_lift"),
    }


def ends(number: Figure) -> tuple[float, float, float]:
    """Value, low and high of a number."""
    return number.value, number.low, number.high


def assumed(desk: Desk, name: str, kind: Kind, entry: str) -> Input:
    """An input that `assumptions.toml` chooses, within the bounds given there."""
    found = desk.assumptions.entry(entry)
    return Input(name, kind, found.value, found.low, found.high)


def questions(known: Known, step: str) -> list[Question]:
    """The decisions, each with its worth in euros over the 90 days recorded."""

    def repair(of: Drawn) -> NDArray[np.float64]:
        return of["margin"] * of["won"] * of["lost"] - of["work"]

    def assist(of: Drawn) -> NDArray[np.float64]:
        return known.carts * (of["lift"] * of["margin"] * of["after_cart"] * of["order"] - of["help"])

    def stop(of: Drawn) -> NDArray[np.float64]:
        basket = known.basket_ratio * of["order"]
        return known.coupons * (known.discount - of["coupon"] * of["margin"] * basket)

    def ship(of: Drawn) -> NDArray[np.float64]:
        return known.visitors * (of["margin"] * of["revenue"] - of["parcel"] * of["orders"])

    return [
        Question("repair", "Repair", f"Repair the step {step}", repair, "the repaired step", "carts"),
        Question("assist", "Help", "Help everyone at the first cart", assist, "the help", "carts"),
        Question(
            "stop", "Coupons", "Stop the coupons as they are given", stop, "the coupon", "visits due a coupon"
        ),
        Question("ship", "Shipping", "Ship free to everyone", ship, "free shipping", "users"),
    ]
