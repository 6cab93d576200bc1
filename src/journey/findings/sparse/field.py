"""The field part of chapter 06: the same ladder on the purchases of Online Retail."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.sparse.entries import METHOD, decimals, figures
from journey.sparse.shop import TEST
from journey.studies.online_retail.study import TOP
from journey.studies.registry import kept

SOURCE = "journey.studies.online_retail.study"
RUNG_NAMES = {
    "order": "Orders within four weeks",
    "kind": "Orders this kind of product",
    "item": "This product in the next order",
    "item_3": "This product in the next three orders",
}
PART_NAMES = {"never": "Never bought", "once": "Bought once", "often": "Bought twice or more"}
SET_NAMES = {
    "popularity": "order score times popularity",
    "bought_before": "count of earlier purchases",
    "plain": "history of the customer, the product and the pair",
    "collaborative": "the same and collaborative filtering",
}
NAMED = {
    "base_rate": "base rate",
    "model_precision": "PR-AUC",
    "model_lift": "lift",
    "bought_before_precision": "PR-AUC, count",
    "bought_before_lift": "lift, count",
    "popularity_precision": "PR-AUC by popularity",
    "popularity_lift": "lift by popularity",
    "gain_over_bought_before": "gain over the count",
    "gain_over_popularity": "gain over popularity",
}
PERIODS = ("train", "validation", "test")


def add_field(desk: Desk) -> None:
    """Register what Online Retail shows, from committed evidence."""
    found = kept("online_retail_sparse", desk.paths)
    result = found.results
    note = f"Computed from online_retail on {found.date} ({found.seconds:.0f} s); not repeated in this build."
    if not (found.recomputed or found.code_current):
        note += " The code has changed since."
    desk.save("field_evidence", pd.DataFrame({"note": [note]}))
    add_setting(desk, result)
    rungs = [add_rung(desk, name, result["rungs"][name]) for name in RUNG_NAMES]
    desk.save("field_ladder", pd.DataFrame(rungs))
    add(
        desk,
        "heavy_tenth",
        result["heavy_tenth"],
        "share",
        digits=0,
        label="Purchased pairs of a tenth of buyers",
    )
    add_origins(desk, result["origins"])
    add_gains(desk, result["features"], result["rungs"]["item"]["pairs"])
    for name, each in result["top"].items():
        label = f"Top {TOP} bought: {SET_NAMES[name]}"
        add(desk, f"top_{name}", each["value"], "share", (each["low"], each["high"]), 0, TOP, label=label)


def add(
    desk: Desk,
    name: str,
    value: float | str,
    unit: str = "count",
    interval: tuple[float, float] | None = None,
    digits: int | None = None,
    n: int | None = None,
    label: str = "",
) -> None:
    """Register one number of the field part."""
    low, high = interval or (None, None)
    desk.ledger.add(
        f"sparse.field_{name}",
        value,
        unit,
        low=low,
        high=high,
        method=METHOD.replace("users", "customers") if interval else None,
        digits=digits,
        n=n,
        label=label,
        source=f"{SOURCE}:retail_ladder",
        dataset="online_retail",
    )


def add_setting(desk: Desk, result: dict[str, Any]) -> None:
    """Sizes, calendar and what the pairs leave out."""
    add(desk, "customers", result["customers"], label="Customers of Online Retail with a purchase")
    add(desk, "products", result["products"], label="Products of Online Retail that were sold")
    add(desk, "named", result["named"], "share", digits=0, label="Products of a kind")
    points = pd.DataFrame(result["points"])
    for number, period in enumerate(PERIODS):
        mine = points[points["period"].eq(number)]
        add(desk, f"{period}_points", len(mine), label=f"Decision points to {period}")
        first = pd.Timestamp(mine["day"].min())
        add(
            desk,
            f"{period}_from",
            f"{first.day} {first:%B %Y}",
            "text",
            label=f"First decision point to {period}",
        )
    outside = points.loc[points["period"].eq(TEST), "outside"]
    add(desk, "outside_low", outside.min(), "share", digits=0, label="Purchases outside the pairs, least")
    add(desk, "outside_high", outside.max(), "share", digits=0, label="Purchases outside the pairs, most")
    label = "Buyers with fewer than three orders in eight weeks"
    add(desk, "cut_short", result["follow_up"]["fewer_than_three"], "share", digits=0, label=label)


def add_rung(desk: Desk, target: str, rung: dict[str, Any]) -> dict[str, Any]:
    """Register one rung and give its row of the table."""
    name = RUNG_NAMES[target]
    # Orders of the last twelve weeks are to the order what earlier purchases of a product are to the pair.
    rung = {key.replace("rule", "bought_before"): value for key, value in rung.items()}
    row: dict[str, Any] = {"target": target, "name": name}
    for key in ("pairs", "train_positives", "test_positives"):
        row[key] = rung[key]
        add(desk, f"{target}_{key}", rung[key], label=f"{key.replace('_', ' ')}: {name}")
    base = rung["base_rate"]["value"]
    row |= {"base_rate": base, "train_precision": rung["train_precision"]}
    add(desk, f"{target}_one_in", round(1 / base), label=f"Test pairs for each that comes true: {name}")
    factor = rung["train_precision"] / rung["model_precision"]["value"]
    add(
        desk, f"{target}_train_factor", factor, "ratio", digits=1, label=f"PR-AUC, training over test: {name}"
    )
    for key, each in rung.items():
        if not isinstance(each, dict) or "low" not in each:
            continue
        row |= {key: each["value"], f"{key}_low": each["low"], f"{key}_high": each["high"]}
        unit = "share" if key == "base_rate" else "ratio"
        digits = figures(each["value"])
        if unit == "share":
            digits = decimals(each["value"])
        elif "lift" in key:
            digits = 1 if each["value"] < 10 else 0
        id = f"{target}_{key}".replace("_model", "").replace("precision", "pr_auc")
        interval = (each["low"], each["high"])
        add(
            desk,
            id,
            each["value"],
            unit,
            interval,
            digits,
            rung["pairs"],
            label=f"Online Retail, {NAMED.get(key, key)}: {name}",
        )
    if target == "item":
        share = rung["bought_before_precision"]["value"] / rung["model_precision"]["value"]
        add(
            desk,
            "rule_of_model",
            share,
            "share",
            digits=0,
            label="PR-AUC of the rule bought before over the model's",
        )
    return row


def add_origins(desk: Desk, rows: list[dict[str, Any]]) -> None:
    """Pairs and purchases by how often the customer had bought the product before."""
    table = pd.DataFrame(rows)
    table["name"] = table["part"].map(PART_NAMES)
    table["low"], table["high"] = (table["rate"].map(lambda each, k=key: each[k]) for key in ("low", "high"))
    table["rate"] = table["rate"].map(lambda each: each["value"])
    for row in table.to_dict("records"):
        label = row["name"]
        rate, interval = row["rate"], (row["low"], row["high"])
        add(
            desk,
            f"{row['part']}_rate",
            rate,
            "share",
            interval,
            decimals(rate),
            row["pairs"],
            label=f"{label}: purchases a pair",
        )
        add(
            desk,
            f"{row['part']}_share",
            row["share"],
            "share",
            digits=0,
            label=f"{label}: share of purchases",
        )


def add_gains(desk: Desk, features: dict[str, Any], n: int) -> None:
    """What collaborative filtering adds on all pairs, on repeats and on products new to the customer."""
    for part, measures in features.items():
        gain = measures["gain_of_others"]
        interval = (gain["low"], gain["high"])
        label = f"Relative gain in PR-AUC by collaborative filtering, {part} pairs"
        add(desk, f"{part}_gain_of_others", gain["value"], "share", interval, 1, n, label=label)
