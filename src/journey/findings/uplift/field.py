"""Findings of chapter 11 in the field: Hillstrom's e-mail experiment, each mailing against no mail."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk, add_rows
from journey.inference.estimate import Estimate
from journey.studies.registry import kept
from journey.uplift.budget import profit_of_everyone

NAMES = {"mens": "Men's", "womens": "Women's"}


def collect(desk: Desk) -> None:
    """Register the Hillstrom numbers."""
    found = kept("hillstrom_uplift", desk.paths)
    result = found.results
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    common = {"source": "journey.studies.hillstrom:hillstrom_uplift", "dataset": "hillstrom"}
    visits = [
        (
            f"hillstrom_visits_{arm}",
            row["visit_rate"],
            "share",
            f"Hillstrom customers who visit, arm: {arm}",
            {"n": row["n"]},
        )
        for arm, row in result["arms"].items()
    ]
    add_rows(desk, visits, digits=2, **common)
    mailings = result["mailings"].items()
    desk.save(
        "hillstrom_qini",
        pd.concat([qini_table(NAMES[name], each) for name, each in mailings], ignore_index=True),
    )
    for name, mailing in mailings:
        add_effects(desk, name, mailing, common)
        add_learners(desk, name, mailing, result["main_learner"], common)


def add_effects(desk: Desk, name: str, mailing: dict[str, Any], common: dict[str, Any]) -> None:
    """What a mailing does, and its profit a customer at the shop's margin and the assumed cost."""
    margin, cost = desk.assumptions["shop.gross_margin"], desk.assumptions["uplift.message_cost"]
    effects = {key: estimate(found) for key, found in mailing["effects"].items()}
    spend = effects["spend"]
    profit = profit_of_everyone(spend, margin=margin, cost=cost)
    label = f"Hillstrom, effect of the {name} mail on"
    rows = (
        ("visit", effects["visit"], "points", f"{label} visit"),
        ("conversion", effects["conversion"], "points", f"{label} conversion"),
        ("spend", spend, "usd", f"{label} spend"),
        ("profit", profit, "usd", f"Profit a customer of mailing everyone, {name} mail"),
    )
    named = [(f"hillstrom_{name}_{key}", *rest) for key, *rest in rows]
    add_rows(desk, named, method="difference of means", n=mailing["n"], digits=2, **common)


def add_learners(
    desk: Desk, name: str, mailing: dict[str, Any], main: list[str], common: dict[str, Any]
) -> None:
    """How well the learners rank the customers of a mailing, beside ranking by the chance of a visit."""
    learners, key = mailing["learners"], f"hillstrom_{name}"
    clear = sum(learner["qini"]["low"] > 0 for learner in learners)
    decides = next(item["qini"] for item in learners if [item["learner"], item["base"]] == main)
    drawn = {"digits": 2, "method": "bootstrap over customers"}
    rows = (
        ("clear", clear, "count", f"Learners whose Qini interval lies above zero, {name} mail"),
        ("qini", estimate(decides), "points", f"Qini of the deciding learner, {name} mail, visits", drawn),
        (
            "qini_likeliest",
            estimate(mailing["likeliest_visitors"]["qini"]),
            "points",
            f"Qini of the likeliest visitors, {name} mail",
            drawn,
        ),
    )
    add_rows(desk, [(f"{key}_{end}", *rest) for end, *rest in rows], n=mailing["n_scored"], **common)


def qini_table(name: str, mailing: dict[str, Any]) -> pd.DataFrame:
    """The Qini coefficient of every way to rank the customers of a mailing."""
    rows = {f"{each['learner']}-learner, {each['base']}": each["qini"] for each in mailing["learners"]}
    rows["likeliest visitors"] = mailing["likeliest_visitors"]["qini"]
    table = pd.DataFrame(rows.values()).rename(columns={"value": "qini"})[["qini", "low", "high"]]
    table.insert(0, "model", list(rows))
    table.insert(0, "mailing", name)
    return table


def estimate(found: dict[str, float]) -> Estimate:
    """A value of the committed results with its bounds."""
    return Estimate(found["value"], found["low"], found["high"])
