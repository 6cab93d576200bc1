"""Findings of chapter 11 on money: profit over the budget and policies side by side."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from journey import uplift
from journey.causal.study import FloatArray, IntArray
from journey.evaluation.uplift_truth import OrderWorth
from journey.findings.desk import USERS, Desk
from journey.inference.estimate import Estimate
from journey.inference.intervals import normal_quantile
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


def add_policies(desk: Desk, trial: Trial, ranked: Rankings) -> None:
    """Profit over the budget, policies side by side, and both judged by the truth.

    `trial` holds the users who are ranked.
    """
    data = trial.data
    curve = uplift.roi_curve(
        data.margin, data.treated, ranked.profit, treatment_cost=data.shipping, seed=SEED
    )
    desk.save(
        "roi",
        pd.DataFrame(
            {
                "share": curve.share,
                "profit": USERS * curve.profit.value,
                "low": USERS * curve.profit.low,
                "high": USERS * curve.profit.high,
                "random": USERS * curve.random_profit,
                "roi": curve.roi.value,
                "roi_low": curve.roi.low,
                "roi_high": curve.roi.high,
            }
        ),
    )
    desk.ledger.add(
        "uplift.best_share",
        curve.best_share,
        "share",
        digits=0,
        method="bootstrap over users",
        n=curve.n,
        label="Share treated that brings most",
        source="journey.uplift.budget:roi_curve",
    )
    shown = curve.share > 0
    for id, count, label in (
        ("clear_budgets", (curve.profit.low[shown] > 0).sum(), "Budgets with a profit clear of zero"),
        ("budgets", shown.sum(), "Budgets tried"),
    ):
        desk.ledger.add(
            f"uplift.{id}",
            int(count),
            "count",
            label=label,
            source="journey.uplift.budget:roi_curve",
        )
    share = POLICY_SHARE
    rules = uplift.standard_policies(ranked.profit, ranked.response, share)
    found = uplift.compare_policies(
        data.margin, data.treated, rules, treatment_cost=data.shipping, propensity=0.5, seed=SEED
    )
    rows = []
    for policy in found:
        truth = true_profit(desk, trial, rules[policy.name])
        rows.append(
            {
                "policy": policy.name,
                "share": policy.treated_share,
                "profit": USERS * policy.profit.value,
                "low": USERS * policy.profit.low,
                "high": USERS * policy.profit.high,
                "roi": None if policy.roi is None else policy.roi.value,
                "truth": USERS * truth.value,
                "truth_low": USERS * truth.low,
                "truth_high": USERS * truth.high,
            }
        )
        short = policy.name.replace(" ", "_")
        if policy.treated_share > 0:
            desk.ledger.add(
                f"uplift.profit_{short}",
                USERS * policy.profit.value,
                "eur",
                low=USERS * policy.profit.low,
                high=USERS * policy.profit.high,
                method="inverse propensity, bootstrap over users",
                n=policy.n,
                label=f"Profit for {USERS:,} users: {policy.name}",
                source="journey.uplift.policy:compare_policies",
            )
            add_truth(
                desk,
                f"true_profit_{short}",
                truth,
                policy.n,
                f"True profit for {USERS:,} users: {policy.name}",
            )
    best = (trial.gain > 0).astype(float)
    oracle = true_profit(desk, trial, best)
    rows.append(
        {
            "policy": "oracle: the truth decides",
            "share": float(best.mean()),
            "profit": None,
            "low": None,
            "high": None,
            "roi": None,
            "truth": USERS * oracle.value,
            "truth_low": USERS * oracle.low,
            "truth_high": USERS * oracle.high,
        }
    )
    desk.save("policies", pd.DataFrame(rows))
    label = f"True profit for {USERS:,} users when the truth decides"
    add_truth(desk, "oracle_profit", oracle, len(best), label)
    desk.ledger.add(
        "uplift.oracle_share",
        float(best.mean()),
        "share",
        digits=0,
        n=len(best),
        source="journey.evaluation.uplift_truth:order_worth",
    )
    left = true_profit(desk, trial, best - rules["uplift ranking"])
    add_truth(desk, "regret", left, len(best), f"True profit that the policy leaves, for {USERS:,} users")
    desk.ledger.add(
        "uplift.policy_share",
        share,
        "share",
        digits=0,
        label="Share treated, fixed before looking",
        source=f"{SOURCE}:add_policies",
    )
    personas = (
        trial.truth.assign(chosen=rules["uplift ranking"]).groupby("persona")["chosen"].mean().reset_index()
    )
    desk.save("chosen", personas)
    for row in personas.to_dict("records"):
        desk.ledger.add(
            f"uplift.chosen_{row['persona'].lower().replace(' ', '_')}",
            row["chosen"],
            "share",
            label=f"Part of this persona that the ranking chooses: {row['persona']}",
            digits=0,
            source=f"{SOURCE}:add_policies",
        )


def true_profit(desk: Desk, trial: Trial, rule: FloatArray) -> Estimate:
    """True profit of a policy, EUR a user.

    The effects are planted and known; its interval says how well the shop's orders tell what an order of each
    persona is worth.
    """
    value = float((trial.gain * rule).mean())
    orders = trial.truth["orders"].to_numpy(dtype=float) * rule
    half = normal_quantile(LEVEL) * desk.assumptions["shop.gross_margin"] * trial.worth.error_of(orders)
    return Estimate(value, value - half, value + half, LEVEL)


def add_truth(desk: Desk, name: str, truth: Estimate, n: int, label: str) -> None:
    """Register a true profit."""
    desk.ledger.add(
        f"uplift.{name}",
        USERS * truth.value,
        "eur",
        low=USERS * truth.low,
        high=USERS * truth.high,
        method="planted effects, order values of each persona",
        n=n,
        label=label,
        source="journey.evaluation.uplift_truth:order_worth",
    )
