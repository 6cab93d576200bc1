"""Findings of chapter 01: how well cleaning works, what is missing, and what the named data set is."""

from __future__ import annotations

import pandas as pd

from journey.evaluation.cleaning import cleaning_quality
from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate
from journey.stores.schema import EVENTS
from journey.studies.registry import kept
from journey.warehouse.query import query

SOURCE = "journey.findings.audit.collect"
KINDS = {
    "duplicate": "sent twice",
    "late": "arrived late",
    "skewed": "wrong device clock",
    "bot": "robot",
    "missing_user": "no user",
    "negative_quantity": "negative quantity",
    "type_change": "price stored as text",
}
#: columns that a model of the Kaggle set may use -> (short, in words)
ALLOWED = {
    "all_columns": ("all", "every column"),
    "without_abandoned": ("one", "without abandoned_cart"),
    "without_cart_columns": ("rest", "without both cart columns"),
}


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    add_cleaning(desk)
    add_completeness(desk)
    add_consumer_behavior(desk)


def add_cleaning(desk: Desk) -> None:
    """Precision and recall of cleaning, and how many rows it removes."""
    rows = cleaning_quality(desk.paths.warehouse(desk.store), desk.paths.store(desk.store))
    table = pd.DataFrame([vars(row) for row in rows]).assign(kind=lambda frame: frame["kind"].map(KINDS))
    desk.save("cleaning", table)
    worst: list[Row] = []
    for name in ("precision", "recall"):
        label = f"Lowest {name} of cleaning over the kinds of dirt"
        worst.append((f"worst_{name}", table[name].min(), "share", label, {"digits": 2}))
    source, asked = "journey.evaluation.cleaning:cleaning_quality", "sql/staging/events_flagged.sql"
    add_rows(desk, worst, source=source, query=asked)
    raw = int(query("cleaning_summary", desk.warehouse)["all_raw_rows"].iloc[0])
    clean = int(query("event_mix", desk.warehouse)["events"].sum())
    removed, label = (raw - clean) / raw, "Raw event rows that cleaning removes"
    counts: tuple[Row, ...] = (
        ("raw_rows", raw, "count", "Raw event rows of the shop"),
        ("clean_rows", clean, "count", "Event rows left by cleaning", {"n": raw}),
        ("removed_share", removed, "share", label, {"n": raw, "digits": 2}),
    )
    add_rows(desk, counts, source=f"{SOURCE}:add_cleaning")


def add_completeness(desk: Desk) -> None:
    """Share of missing values in each column of the raw events."""
    missing = query("missing_values", desk.warehouse).set_index("column_name")["missing"]
    table = {
        "column": [column.name for column in EVENTS.columns],
        "type": [" or ".join(column.types) for column in EVENTS.columns],
        "description": [column.description for column in EVENTS.columns],
        "missing": [float(missing[column.name]) for column in EVENTS.columns],
    }
    desk.save("completeness", pd.DataFrame(table))


def add_consumer_behavior(desk: Desk) -> None:
    """The named Kaggle set: its target is a formula, and nothing else predicts it."""
    found = kept("consumer_behavior_audit", desk.paths)
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    result = found.results
    n, test = {"n": result["rows"]}, result["permutation"]
    broken, which = (
        "Kaggle rows that break the rule of the two cart columns",
        "Kaggle set without cart columns",
    )
    rows: list[Row] = [
        ("rows", result["rows"], "count", "Rows of the Kaggle set"),
        ("purchases", result["purchases"], "count", "Purchases in the Kaggle set", n),
        ("rule_broken", result["rule_broken"], "count", broken, n),
        (
            "features",
            result["features_tested"],
            "count",
            "Features of the Kaggle set besides the cart columns",
        ),
        ("shuffles", test["shuffles"], "count", "Shuffles of the permutation test on the Kaggle set"),
        ("permutation_p", test["p_value"], "p", f"p value: permutation test, {which}", n | {"digits": 2}),
    ]
    areas = {label: Estimate(**result["areas"][name]) for name, (_, label) in ALLOWED.items()}
    for short, label in ALLOWED.values():
        drawn = n | {"digits": 2, "method": "DeLong, logit scale"}
        rows.append((f"auc_{short}", areas[label], "ratio", f"ROC-AUC on the Kaggle set, {label}", drawn))
    table = [
        {"columns": label, "auc": area.value, "low": area.low, "high": area.high}
        for label, area in areas.items()
    ]
    desk.save("areas", pd.DataFrame(table))
    desk.save("shuffles", pd.DataFrame({"auc": test["shuffled"]}))
    for column, short in (("price", "price"), ("discount_applied", "discount"), ("time_spent", "time")):
        label = f"p value: uniform draws of {column.replace('_', ' ')}, Kaggle set"
        rows.append((f"uniform_{short}", result["uniform_p"][column], "p", label, n | {"digits": 2}))
    named = [(f"kaggle_{name}", *rest) for name, *rest in rows]
    source = "journey.studies.consumer_behavior:audit_consumer_behavior"
    add_rows(desk, named, source=source, dataset="consumer_behavior")
