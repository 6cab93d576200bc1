"""Findings of chapter 11 on money: profit over the budget and policies side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from journey import uplift
from journey.causal.study import FloatArray, IntArray
from journey.evaluation.uplift_truth import OrderWorth
from journey.findings.desk import USERS, Desk, Row, add_rows, flat
from journey.inference.estimate import Estimate, scaled
from journey.inference.intervals import normal_interval
from journey.uplift.policy import PolicyReturn
from journey.uplift.trial import POLICY_SHARE, Rankings, ShippingTrial

SOURCE = "journey.findings.uplift.money"
SEED = 11
LEVEL = 0.95


@dataclass(frozen=True)
class Trial:
    """The free-shipping experiment with its truth, one row a user, all of one length.

    `truth` has the true effects of `free_shipping_by_user`, `gain` the true profit of treating, EUR, and
    `worth` what their orders bring.
    """

    users: pd.DataFrame
    data: ShippingTrial
    truth: pd.DataFrame
    gain: FloatArray
    worth: OrderWorth

    def of(self, rows: IntArray) -> Trial:
        """The same with some of the users."""
        return Trial(
            self.users.iloc[rows].reset_index(drop=True),
            self.data.of(rows),
            self.truth.iloc[rows].reset_index(drop=True),
            self.gain[rows],
            self.worth.of(rows),
        )


def add_budgets(desk: Desk, data: ShippingTrial, profit: FloatArray) -> None:
    """Profit over the budget when users are treated in the order of `profit`."""
    curve = uplift.roi_curve(data.margin, data.treated, profit, treatment_cost=data.shipping, seed=SEED)
    table = {
        "share": curve.share,
        "profit": USERS * curve.profit.value,
        "low": USERS * curve.profit.low,
        "high": USERS * curve.profit.high,
        "random": USERS * curve.random_profit,
        "roi": curve.roi.value,
        "roi_low": curve.roi.low,
        "roi_high": curve.roi.high,
    }
    desk.save("roi", pd.DataFrame(table))
    shown = curve.share > 0
    clear = int((curve.profit.low[shown] > 0).sum())
    drawn = {"digits": 0, "method": "bootstrap over users", "n": curve.n}
    rows = (
        ("best_share", curve.best_share, "share", "Share treated that brings most", drawn),
        ("clear_budgets", clear, "count", "Budgets with a profit clear of zero"),
        ("budgets", int(shown.sum()), "count", "Budgets tried"),
    )
    add_rows(desk, rows, source="journey.uplift.budget:roi_curve")


def add_policies(desk: Desk, trial: Trial, ranked: Rankings) -> None:
    """Policies side by side, by the data and by the truth; `trial` holds the users who are ranked."""
    data, users = trial.data, f"for {USERS:,} users"
    rules = uplift.standard_policies(ranked.profit, ranked.response, POLICY_SHARE)
    found = uplift.compare_policies(
        data.margin, data.treated, rules, treatment_cost=data.shipping, propensity=0.5, seed=SEED
    )
    best = (trial.gain > 0).astype(float)
    oracle, truth = true_profit(desk, trial, best), {}
    for name, rule in rules.items():
        truth[name] = true_profit(desk, trial, rule)
    table = [policy_row(each, truth[each.name]) for each in found]
    told = {"policy": "oracle: the truth decides", "share": float(best.mean()), **flat({"truth": oracle})}
    desk.save("policies", pd.DataFrame([*table, told]))
    tried = [(each.name.replace(" ", "_"), each) for each in found if each.treated_share > 0]
    rows: list[Row] = [
        (f"profit_{key}", for_all(each.profit), "eur", f"Profit {users}: {each.name}", {"n": each.n})
        for key, each in tried
    ]
    method = "inverse propensity, bootstrap over users"
    add_rows(desk, rows, method=method, source="journey.uplift.policy:compare_policies")
    rows = [
        (f"true_profit_{key}", truth[each.name], "eur", f"True profit {users}: {each.name}", {"n": each.n})
        for key, each in tried
    ]
    label, n = f"True profit {users} when the truth decides", {"n": len(best)}
    rows.append(("oracle_profit", oracle, "eur", label, n))
    method = "planted effects, order values of each persona"
    add_rows(desk, rows, method=method, source="journey.evaluation.uplift_truth:order_worth")
    personas = trial.truth.assign(chosen=rules["uplift ranking"]).groupby("persona")["chosen"].mean()
    rows = [("policy_share", POLICY_SHARE, "share", "Share treated, fixed before looking")]
    for persona, chosen in personas.items():
        name, label = str(persona).lower().replace(" ", "_"), "Part of this persona that the ranking chooses"
        rows.append((f"chosen_{name}", chosen, "share", f"{label}: {persona}"))
    add_rows(desk, rows, digits=0, source=f"{SOURCE}:add_policies")


def policy_row(found: PolicyReturn, truth: Estimate) -> dict[str, Any]:
    """A policy in the table: its profit by the data and by the truth."""
    profit = for_all(found.profit)
    return {
        "policy": found.name,
        "share": found.treated_share,
        "profit": profit.value,
        "low": profit.low,
        "high": profit.high,
        "roi": None if found.roi is None else found.roi.value,
        **flat({"truth": truth}),
    }


def for_all(each: Estimate) -> Estimate:
    """An amount a user as one for the users for whom money is stated."""
    return scaled(each, USERS)


def true_profit(desk: Desk, trial: Trial, rule: FloatArray) -> Estimate:
    """True profit of a policy for the users for whom money is stated, EUR.

    The effects are planted and known; its interval says how well the shop's orders tell what an order of each
    persona is worth.
    """
    value = float((trial.gain * rule).mean())
    orders = trial.truth["orders"].to_numpy(dtype=float) * rule
    error = desk.assumptions["shop.gross_margin"] * trial.worth.error_of(orders)
    return for_all(normal_interval(value, error, LEVEL))
