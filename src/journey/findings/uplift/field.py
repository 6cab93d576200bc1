"""Findings of chapter 11 in the field: Hillstrom's e-mail experiment, each mailing against no mail."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.studies.registry import kept

NAMES = {"mens": "Men's", "womens": "Women's"}


def collect(desk: Desk) -> None:
    """Register the Hillstrom numbers and save their tables."""
    found = kept("hillstrom_uplift", desk.paths)
    result = found.results
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    common: dict[str, Any] = {"source": "journey.studies.hillstrom:hillstrom_uplift", "dataset": "hillstrom"}
    for arm, row in result["arms"].items():
        desk.ledger.add(
            f"uplift.hillstrom_visits_{arm}",
            row["visit_rate"],
            "share",
            digits=2,
            n=row["n"],
            label=f"Hillstrom customers who visit, arm: {arm}",
            **common,
        )
    effects, rows = [], []
    for name, mailing in result["mailings"].items():
        for outcome, unit, digits in (
            ("visit", "points", 2),
            ("conversion", "points", 2),
            ("spend", "usd", 2),
        ):
            effect = mailing["effects"][outcome]
            desk.ledger.add(
                f"uplift.hillstrom_{name}_{outcome}",
                effect["value"],
                unit,
                low=effect["low"],
                high=effect["high"],
                method="difference of means",
                n=mailing["n"],
                digits=digits,
                label=f"Hillstrom, effect of the {name} mail on {outcome}",
                **common,
            )
        effects.append(
            {
                "mailing": NAMES[name],
                **{
                    f"{key}_{part}": mailing["effects"][key][part]
                    for key in ("visit", "conversion", "spend")
                    for part in ("value", "low", "high")
                },
            }
        )
        for learner in mailing["learners"]:
            rows.append(
                {
                    "mailing": NAMES[name],
                    "model": f"{learner['learner']}-learner, {learner['base']}",
                    "qini": learner["qini"]["value"],
                    "low": learner["qini"]["low"],
                    "high": learner["qini"]["high"],
                }
            )
        desk.ledger.add(
            f"uplift.hillstrom_{name}_clear",
            sum(learner["qini"]["low"] > 0 for learner in mailing["learners"]),
            "count",
            n=mailing["n_scored"],
            label=f"Learners whose Qini interval lies above zero, {name} mail",
            **common,
        )
        likeliest = mailing["likeliest_visitors"]["qini"]
        rows.append(
            {
                "mailing": NAMES[name],
                "model": "likeliest visitors",
                "qini": likeliest["value"],
                "low": likeliest["low"],
                "high": likeliest["high"],
            }
        )
        main = next(
            item for item in mailing["learners"] if [item["learner"], item["base"]] == result["main_learner"]
        )
        desk.ledger.add(
            f"uplift.hillstrom_{name}_qini",
            main["qini"]["value"],
            "points",
            label=f"Qini of the deciding learner, {name} mail, visits",
            low=main["qini"]["low"],
            high=main["qini"]["high"],
            digits=2,
            method="bootstrap over customers",
            n=mailing["n_scored"],
            **common,
        )
        desk.ledger.add(
            f"uplift.hillstrom_{name}_qini_likeliest",
            likeliest["value"],
            "points",
            label=f"Qini of the likeliest visitors, {name} mail",
            low=likeliest["low"],
            high=likeliest["high"],
            digits=2,
            method="bootstrap over customers",
            n=mailing["n_scored"],
            **common,
        )
        add_spend(desk, name, mailing, common)
    desk.save("hillstrom_effects", pd.DataFrame(effects))
    desk.save("hillstrom_qini", pd.DataFrame(rows))


def add_spend(desk: Desk, name: str, mailing: dict[str, Any], common: dict[str, Any]) -> None:
    """Profit a customer of mailing everyone, at the shop's margin and the assumed cost of a message."""
    margin, cost = desk.assumptions["shop.gross_margin"], desk.assumptions["uplift.message_cost"]
    spend = mailing["effects"]["spend"]
    desk.ledger.add(
        f"uplift.hillstrom_{name}_profit",
        margin * spend["value"] - cost,
        "usd",
        low=margin * spend["low"] - cost,
        high=margin * spend["high"] - cost,
        method="difference of means",
        n=mailing["n"],
        digits=2,
        label=f"Profit a customer of mailing everyone, {name} mail",
        **common,
    )
