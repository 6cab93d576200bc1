"""Findings of chapter 11 on money: profit over the budget and policies side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey import uplift
from journey.report.findings.desk import Desk

SOURCE = "journey.report.findings.uplift_money"
SEED = 11


@dataclass(frozen=True)
class Trial:
    """The free-shipping experiment, one row a user, all arrays of one length."""

    users: pd.DataFrame
    covariates: NDArray[np.float64]
    treated: NDArray[np.float64]
    bought: NDArray[np.float64]
    margin: NDArray[np.float64]
    shipping: NDArray[np.float64]
    truth: pd.DataFrame


def profit_score(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> NDArray[np.float64]:
    """Predicted profit of treating each user: margin of purchases caused minus shipping of all of them."""
    control = trial.treated == 0
    per_buyer = trial.margin[control].sum() / max(1.0, trial.bought[control].sum())
    orders = trial.shipping[trial.treated == 1].sum() / max(1.0, trial.bought[trial.treated == 1].sum())
    return np.asarray(main.effect * per_buyer - np.clip(main.treated_mean, 0, 1) * orders)


def add_policies(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> None:
    """Profit over the budget, policies side by side, and both judged by the truth."""
    score = profit_score(desk, trial, main)
    curve = uplift.roi_curve(trial.margin, trial.treated, score, treatment_cost=trial.shipping, seed=SEED)
    scale = 10_000
    desk.save(
        "roi",
        pd.DataFrame(
            {
                "share": curve.share,
                "profit": scale * curve.profit.value,
                "low": scale * curve.profit.low,
                "high": scale * curve.profit.high,
                "random": scale * curve.random_profit,
                "roi": curve.roi.value,
                "roi_low": curve.roi.low,
                "roi_high": curve.roi.high,
            }
        ),
    )
    desk.ledger.add(
        "uplift.best_share",
        curve.best_share.value,
        "share",
        low=curve.best_share.low,
        high=curve.best_share.high,
        digits=0,
        method="bootstrap over users",
        n=curve.n,
        source="journey.uplift.budget:roi_curve",
    )
    shown = curve.share > 0
    for id, count in (("clear_budgets", (curve.profit.low[shown] > 0).sum()), ("budgets", shown.sum())):
        desk.ledger.add(
            f"uplift.{id}",
            int(count),
            "count",
            label="Budgets, and those with a profit clearly above zero",
            source="journey.uplift.budget:roi_curve",
        )
    share = 0.3
    rules = uplift.standard_policies(score, main.control_mean, share)
    found = uplift.compare_policies(
        trial.margin, trial.treated, rules, treatment_cost=trial.shipping, propensity=0.5, seed=SEED
    )
    price = desk.assumptions["free_shipping.cost_per_order"]
    orders = desk.warehouse.execute("select avg(net_revenue) from marts.orders").fetchone() or (0,)
    worth = desk.assumptions["shop.gross_margin"] * float(orders[0])
    gain = worth * trial.truth["orders"].to_numpy() - price * trial.truth["orders_with"].to_numpy()
    rows = []
    for policy in found:
        true_profit = float((gain * rules[policy.name]).mean())
        rows.append(
            {
                "policy": policy.name,
                "share": policy.treated_share,
                "profit": scale * policy.profit.value,
                "low": scale * policy.profit.low,
                "high": scale * policy.profit.high,
                "roi": None if policy.roi is None else policy.roi.value,
                "truth": scale * true_profit,
            }
        )
        short = policy.name.replace(" ", "_")
        if policy.treated_share > 0:
            desk.ledger.add(
                f"uplift.profit_{short}",
                scale * policy.profit.value,
                "eur",
                low=scale * policy.profit.low,
                high=scale * policy.profit.high,
                method="inverse propensity, bootstrap over users",
                n=policy.n,
                label="Profit for 10,000 users",
                source="journey.uplift.policy:compare_policies",
            )
            desk.ledger.add(
                f"uplift.true_profit_{short}",
                scale * true_profit,
                "eur",
                n=policy.n,
                label="True profit for 10,000 users",
                source="journey.evaluation.treatment:free_shipping_by_user",
            )
    oracle = scale * float(np.maximum(gain, 0).mean())
    rows.append(
        {
            "policy": "oracle: the truth decides",
            "share": float((gain > 0).mean()),
            "profit": None,
            "low": None,
            "high": None,
            "roi": None,
            "truth": oracle,
        }
    )
    desk.save("policies", pd.DataFrame(rows))
    desk.ledger.add(
        "uplift.oracle_profit",
        oracle,
        "eur",
        n=len(gain),
        label="True profit for 10,000 users when the truth decides",
        source="journey.evaluation.treatment:free_shipping_by_user",
    )
    desk.ledger.add(
        "uplift.oracle_share",
        float((gain > 0).mean()),
        "share",
        digits=0,
        n=len(gain),
        source="journey.evaluation.treatment:free_shipping_by_user",
    )
    top = float((gain * rules["uplift ranking"]).mean()) * scale
    desk.ledger.add(
        "uplift.regret",
        oracle - top,
        "eur",
        n=len(gain),
        label="True profit that the policy leaves, for 10,000 users",
        source=f"{SOURCE}:add_policies",
    )
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
            digits=0,
            source=f"{SOURCE}:add_policies",
        )
