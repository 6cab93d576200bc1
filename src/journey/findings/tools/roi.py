"""The ROI simulator: the experiment of chapter 11 as curves that any margin and cost can be applied to.

Profit is linear in both: margin times the revenue that treating adds, minus cost times the orders of those
who are treated. So the file holds revenue and orders over the share treated, measured and resampled;
`assets/tools/roi-engine.js` and `simulate` make money of them in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from journey import uplift
from journey.causal.study import FloatArray
from journey.findings.desk import USERS, Desk
from journey.findings.uplift.collect import load_trial
from journey.findings.uplift.money import SEED, Trial
from journey.inference.intervals import percentile_estimate
from journey.uplift.budget import drawn_curves
from journey.uplift.trial import MAIN, POLICY_SHARE, Rankings, rankings

SHARES = np.linspace(0, 1, 21)
RESAMPLES = 300
LEVEL = 0.95
#: Revenue is kept in hundred-thousandths of a euro a user, orders in millionths: whole numbers pack well.
REVENUE, ORDERS = 1e5, 1e6


def curves(desk: Desk) -> dict[str, Any]:
    """The file of the simulator.

    Returns
    -------
    dict
        `shares` (21); `policies`: name -> `revenue` and `orders` a user as measured, (21,), the same of each
        resample, (300, 21), and `true_revenue`, `true_orders`, (21,), which only the simulation knows; the
        policy `truth` has only these. Whole numbers in units of `revenue_unit` and `orders_unit`. A random
        choice is not in the file: it brings its share of what everybody brings.
    """
    whole = load_trial(desk)
    data = whole.data
    scores = uplift.sequential_uplift(
        MAIN[0],
        uplift.xgboost_base(SEED),
        data.covariates,
        data.treated,
        data.bought,
        propensity=0.5,
        seed=SEED,
    )
    trial = whole.of(scores.rows)
    margin, price = (desk.assumptions[name] for name in ("shop.gross_margin", "free_shipping.cost_per_order"))
    ranked = rankings(data, scores)
    return {
        "shares": [round(float(share), 4) for share in SHARES],
        "revenue_unit": 1 / REVENUE,
        "orders_unit": 1 / ORDERS,
        "policies": policies(trial, ranked, margin, price),
    }


def policies(trial: Trial, ranked: Rankings, margin: float, price: float) -> dict[str, Any]:
    """Curves of each way to choose whom to treat."""
    revenue, orders = trial.data.margin / margin, trial.data.shipping / price
    found = {
        name: measured(revenue, trial.data.treated, orders, score) | _true(trial, score)
        for name, score in (("uplift", ranked.profit), ("likeliest", ranked.response))
    }
    return found | {"truth": _true(trial, trial.gain)}


def measured(
    revenue: FloatArray, treated: FloatArray, orders: FloatArray, score: FloatArray
) -> dict[str, Any]:
    """Revenue added and orders of the treated, a user of the audience, as `uplift.roi_curve` has them."""
    found = drawn_curves(revenue, treated, score, orders, shares=SHARES, n_boot=RESAMPLES, seed=SEED)
    return {
        "revenue": _whole(found.added, REVENUE),
        "orders": _whole(found.caused, ORDERS),
        "revenue_draws": _whole(found.added_draws, REVENUE),
        "orders_draws": _whole(found.caused_draws, ORDERS),
    }


def _true(trial: Trial, score: FloatArray) -> dict[str, Any]:
    """The same from the planted effects."""
    rules = [uplift.top_share(score, float(share)) for share in SHARES]
    orders, with_offer = (trial.truth[name].to_numpy(dtype=float) for name in ("orders", "orders_with"))
    worth = trial.worth.by_user * orders
    return {
        "true_revenue": _whole(np.array([(worth * rule).mean() for rule in rules]), REVENUE),
        "true_orders": _whole(np.array([(with_offer * rule).mean() for rule in rules]), ORDERS),
    }


def _whole(values: FloatArray, scale: float) -> Any:
    return np.rint(values * scale).astype(int).tolist()


@dataclass(frozen=True)
class Settings:
    """What a visitor of the simulator chooses.

    Attributes
    ----------
    policy
        `uplift`, `likeliest`, `random` or `truth`.
    users
        People in the audience.
    budget
        What may be spent on them, EUR.
    margin
        Gross margin, share of net revenue.
    price
        Cost of each order of a treated user, EUR.
    message
        Cost of each treated user, EUR.
    """

    policy: str
    users: float
    budget: float
    margin: float
    price: float
    message: float


def simulate(file: dict[str, Any], given: Settings) -> dict[str, Any]:
    """How far the budget reaches, and the profit: measured with its interval, and true.

    For `truth` only the true figures are known, and the budget is spent by the true orders.
    """
    random = given.policy == "random"
    curve = file["policies"]["uplift" if random else given.policy]
    shares = np.array(file["shares"])

    def course(values: Any) -> FloatArray:
        array = np.asarray(values, dtype=float)
        return array[..., -1:] * shares if random else array

    def money(revenue: Any, orders: Any) -> tuple[FloatArray, FloatArray]:
        cost = given.price * course(orders) * file["orders_unit"] + given.message * shares
        profit = given.margin * course(revenue) * file["revenue_unit"] - cost
        return given.users * profit, given.users * cost

    true_profit, true_cost = money(curve["true_revenue"], curve["true_orders"])
    known = given.policy != "truth"
    profit, cost = money(curve["revenue"], curve["orders"]) if known else (true_profit, true_cost)
    share = reach(shares, cost, given.budget)
    found = {
        "share": share,
        "cost": float(np.interp(share, shares, cost)),
        "true_profit": float(np.interp(share, shares, true_profit)),
    }
    if not known:
        return found
    draws, _ = money(curve["revenue_draws"], curve["orders_draws"])
    drawn = np.array([np.interp(share, shares, draw) for draw in draws])
    estimate = percentile_estimate(float(np.interp(share, shares, profit)), drawn, LEVEL)
    return found | {
        "profit": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "pays": float((drawn > 0).mean()),
    }


def reach(shares: FloatArray, cost: FloatArray, budget: float) -> float:
    """Largest share whose cost, and that of every smaller share, stays within the budget."""
    over = np.flatnonzero(cost > budget)
    if not len(over):
        return 1.0
    at = int(over[0])
    if at == 0:
        return 0.0
    part = (budget - cost[at - 1]) / (cost[at] - cost[at - 1])
    return float(shares[at - 1] + part * (shares[at] - shares[at - 1]))


def start(desk: Desk, file: dict[str, Any]) -> Settings:
    """What the page starts with: the chapter's policy, and the budget that its share costs."""
    margin, price = (desk.assumptions[name] for name in ("shop.gross_margin", "free_shipping.cost_per_order"))
    orders = (
        np.interp(POLICY_SHARE, file["shares"], file["policies"]["uplift"]["orders"]) * file["orders_unit"]
    )
    budget = round(float(USERS * price * orders), -2)
    return Settings("uplift", float(USERS), budget, margin, price, 0.0)
