"""The field part of chapter 06: the same ladder on the purchases of Online Retail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows, flat
from journey.findings.sparse.entries import METHOD, decimals, figures
from journey.inference.estimate import Estimate
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
    add_origins(desk, result["origins"])
    add_gains(desk, result["features"], result["rungs"]["item"]["pairs"])
    rows: list[Row] = [
        (f"top_{name}", drawn(each), "share", f"Top {TOP} bought: {SET_NAMES[name]}", {"n": TOP})
        for name, each in result["top"].items()
    ]
    rows.append(("heavy_tenth", result["heavy_tenth"], "share", "Purchased pairs of a tenth of buyers"))
    add(desk, rows, digits=0)


def add(desk: Desk, rows: Iterable[Row], **common: Any) -> None:
    """Register numbers of the field part."""
    named = [(f"field_{name}", *rest) for name, *rest in rows]
    add_rows(desk, named, source=f"{SOURCE}:retail_ladder", dataset="online_retail", **common)


def drawn(found: dict[str, float]) -> Estimate:
    """A value of the committed results with its bounds."""
    method = METHOD.replace("users", "customers")
    return Estimate(found["value"], found["low"], found["high"], method=method)


def add_setting(desk: Desk, result: dict[str, Any]) -> None:
    """Sizes, calendar and what the pairs leave out."""
    points = pd.DataFrame(result["points"])
    outside = points.loc[points["period"].eq(TEST), "outside"]
    short = result["follow_up"]["fewer_than_three"]
    rows = [
        ("customers", result["customers"], "count", "Customers of Online Retail with a purchase"),
        ("products", result["products"], "count", "Products of Online Retail that were sold"),
    ]
    for number, period in enumerate(PERIODS):
        mine = points[points["period"].eq(number)]
        first = pd.Timestamp(mine["day"].min())
        rows.append((f"{period}_points", len(mine), "count", f"Decision points to {period}"))
        begun = f"{first.day} {first:%B %Y}"
        rows.append((f"{period}_from", begun, "text", f"First decision point to {period}"))
    add(desk, rows)
    shares = (
        ("named", result["named"], "share", "Products of a kind"),
        ("outside_low", outside.min(), "share", "Purchases outside the pairs, least"),
        ("outside_high", outside.max(), "share", "Purchases outside the pairs, most"),
        ("cut_short", short, "share", "Buyers with fewer than three orders in eight weeks"),
    )
    add(desk, shares, digits=0)


def add_rung(desk: Desk, target: str, rung: dict[str, Any]) -> dict[str, Any]:
    """Register one rung and give its row of the table."""
    name, n = RUNG_NAMES[target], {"n": rung["pairs"]}
    # Orders of the last twelve weeks are to the order what earlier purchases of a product are to the pair.
    rung = {key.replace("rule", "bought_before"): value for key, value in rung.items()}
    base, model, train = rung["base_rate"]["value"], rung["model_precision"]["value"], rung["train_precision"]
    counts = {key: rung[key] for key in ("pairs", "train_positives", "test_positives")}
    row = {"target": target, "name": name, **counts, "base_rate": base, "train_precision": train}
    rows: list[Row] = [
        (f"{target}_{key}", value, "count", f"{key.replace('_', ' ')}: {name}")
        for key, value in counts.items()
    ]
    factor = f"PR-AUC, training over test: {name}"
    rows += [
        (f"{target}_one_in", round(1 / base), "count", f"Test pairs for each that comes true: {name}"),
        (f"{target}_train_factor", train / model, "ratio", factor, {"digits": 1}),
    ]
    for key, each in rung.items():
        if isinstance(each, dict) and "low" in each:
            row |= flat({key: drawn(each)})
            id = f"{target}_{key}".replace("_model", "").replace("precision", "pr_auc")
            unit, digits = form(key, each["value"])
            label = f"Online Retail, {NAMED.get(key, key)}: {name}"
            rows.append((id, drawn(each), unit, label, n | {"digits": digits}))
    if target == "item":
        share = rung["bought_before_precision"]["value"] / model
        label = "PR-AUC of the rule bought before over the model's"
        rows.append(("rule_of_model", share, "share", label, {"digits": 0}))
    add(desk, rows)
    return row


def form(key: str, value: float) -> tuple[str, int]:
    """Unit and digits of a quality of a rung."""
    if key == "base_rate":
        return "share", decimals(value)
    if "lift" in key:
        return "ratio", 1 if value < 10 else 0
    return "ratio", figures(value)


def add_origins(desk: Desk, found: list[dict[str, Any]]) -> None:
    """Pairs and purchases by how often the customer had bought the product before."""
    rows: list[Row] = []
    for each in found:
        rate, name = drawn(each["rate"]), PART_NAMES[each["part"]]
        own = {"digits": decimals(rate.value), "n": each["pairs"]}
        rows.append((f"{each['part']}_rate", rate, "share", f"{name}: purchases a pair", own))
        label = f"{name}: share of purchases"
        rows.append((f"{each['part']}_share", each["share"], "share", label, {"digits": 0}))
    add(desk, rows)


def add_gains(desk: Desk, features: dict[str, Any], n: int) -> None:
    """What collaborative filtering adds on all pairs, on repeats and on products new to the customer."""
    rows = []
    for part, measures in features.items():
        label = f"Relative gain in PR-AUC by collaborative filtering, {part} pairs"
        rows.append((f"{part}_gain_of_others", drawn(measures["gain_of_others"]), "share", label))
    add(desk, rows, digits=1, n=n)
