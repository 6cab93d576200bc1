"""Findings of chapter 01: how well cleaning works, what is missing, and what the named data set is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.evaluation.cleaning import cleaning_quality
from journey.findings.desk import Desk
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


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    add_cleaning(desk)
    add_completeness(desk)
    add_consumer_behavior(desk)


def add_cleaning(desk: Desk) -> None:
    """Precision and recall of cleaning, and how many rows it removes."""
    rows = cleaning_quality(desk.paths.warehouse(desk.store), desk.paths.store(desk.store))
    table = pd.DataFrame([vars(row) for row in rows]).assign(
        kind=lambda frame: frame["kind"].map(KINDS),
    )
    desk.save("cleaning", table)
    for name in ("precision", "recall"):
        desk.ledger.add(
            f"audit.worst_{name}",
            float(table[name].min()),
            "share",
            digits=2,
            label=f"Lowest {name} of cleaning over the kinds of dirt",
            source="journey.evaluation.cleaning:cleaning_quality",
            query="sql/staging/events_flagged.sql",
        )
    raw = int(query("cleaning_summary", desk.warehouse)["all_raw_rows"].iloc[0])
    clean = int(query("event_mix", desk.warehouse)["events"].sum())
    common: dict[str, Any] = {"source": f"{SOURCE}:add_cleaning"}
    desk.ledger.add("audit.raw_rows", raw, "count", label="Raw event rows of the shop", **common)
    desk.ledger.add("audit.clean_rows", clean, "count", n=raw, label="Event rows left by cleaning", **common)
    removed, label = (raw - clean) / raw, "Raw event rows that cleaning removes"
    desk.ledger.add("audit.removed_share", removed, "share", digits=2, n=raw, label=label, **common)


def add_completeness(desk: Desk) -> None:
    """Share of missing values in each column of the raw events."""
    missing = query("missing_values", desk.warehouse).set_index("column_name")["missing"]
    shares = [float(missing[column.name]) for column in EVENTS.columns]
    desk.save(
        "completeness",
        pd.DataFrame(
            {
                "column": [column.name for column in EVENTS.columns],
                "type": [" or ".join(column.types) for column in EVENTS.columns],
                "description": [column.description for column in EVENTS.columns],
                "missing": shares,
            }
        ),
    )


def add_consumer_behavior(desk: Desk) -> None:
    """The named Kaggle set: its target is a formula, and nothing else predicts it."""
    found = kept("consumer_behavior_audit", desk.paths)
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
    result = found.results
    common: dict[str, Any] = {
        "source": "journey.models.target_audit:audit_consumer_behavior",
        "dataset": "consumer_behavior",
    }
    rows = result["rows"]
    for name, value, n, label in (
        ("rows", rows, None, "Rows of the Kaggle set"),
        ("purchases", result["purchases"], rows, "Purchases in the Kaggle set"),
        (
            "rule_broken",
            result["rule_broken"],
            rows,
            "Kaggle rows that break the rule of the two cart columns",
        ),
        ("features", result["features_tested"], None, "Features of the Kaggle set besides the cart columns"),
    ):
        desk.ledger.add(f"audit.kaggle_{name}", value, "count", n=n, label=label, **common)
    labels = {
        "all_columns": ("all", "every column"),
        "without_abandoned": ("one", "without abandoned_cart"),
        "without_cart_columns": ("rest", "without both cart columns"),
    }
    areas = []
    for name, (short, label) in labels.items():
        area = result["areas"][name]
        desk.ledger.add(
            f"audit.kaggle_auc_{short}",
            area["value"],
            "ratio",
            low=area["low"],
            high=area["high"],
            method="DeLong, logit scale",
            n=rows,
            digits=2,
            label=f"ROC-AUC on the Kaggle set, {label}",
            **common,
        )
        areas.append({"columns": label, "auc": area["value"], "low": area["low"], "high": area["high"]})
    desk.save("areas", pd.DataFrame(areas))
    test = result["permutation"]
    shuffles, label = test["shuffles"], "Shuffles of the permutation test on the Kaggle set"
    desk.ledger.add("audit.kaggle_shuffles", shuffles, "count", label=label, **common)
    p_value, label = test["p_value"], "p value: permutation test, Kaggle set without cart columns"
    desk.ledger.add("audit.kaggle_permutation_p", p_value, "p", digits=2, n=rows, label=label, **common)
    desk.save("shuffles", pd.DataFrame({"auc": test["shuffled"]}))
    for column, short in (("price", "price"), ("discount_applied", "discount"), ("time_spent", "time")):
        label = f"p value: uniform draws of {column.replace('_', ' ')}, Kaggle set"
        p_value = result["uniform_p"][column]
        desk.ledger.add(
            f"audit.kaggle_uniform_{short}", p_value, "p", digits=2, n=rows, label=label, **common
        )
