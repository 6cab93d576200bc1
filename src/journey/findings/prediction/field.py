"""Findings of chapter 05 on real sessions: UCI Online Shoppers, next to published numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows
from journey.findings.prediction.leaks import register_lesson
from journey.inference.aims import verdict
from journey.inference.estimate import Estimate
from journey.studies.registry import kept
from journey.studies.shoppers import FOLDS
from journey.studies.shoppers_tuning import PUBLISHED

DATASET = "online_shoppers"
DESCRIBED = "journey.studies.shoppers:describe_shoppers"
TUNER = "journey.studies.shoppers_tuning"
METRICS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC"}
SHORT = {"logistic, defaults": "logistic", "XGBoost, defaults": "defaults", "XGBoost, small trees": "small"}
METHOD = "bootstrap over rows within folds"
ROUNDING = 0.0005  # published to three digits


def add_field(desk: Desk) -> None:
    """The same functions on real sessions: folds, months, with and without `PageValues`."""
    found, tuning = kept(DATASET, desk.paths), kept("online_shoppers_tuning", desk.paths)
    result, tuned = found.results, tuning.results
    held = f"Nested tuning and hold-outs: computed on {tuning.date} ({tuning.seconds:.0f} s)."
    desk.save("field_evidence", pd.DataFrame({"note": [found.label, held]}))
    rows, later = result["rows"], result["test_rows_by_month"]
    counts: tuple[Row, ...] = (
        ("uci_rows", rows, "count", "Sessions of Online Shoppers"),
        ("uci_purchases", result["purchases"], "count", "Sessions of Online Shoppers that buy", {"n": rows}),
    )
    add_rows(desk, counts, source=DESCRIBED, dataset=DATASET)
    tables = []
    for split, n, words in (("folds", rows, "five folds"), ("months", later, "later months")):
        for row in result[split]:
            which = "with" if row["page_values"] else "without"
            what = f"{row['model']}, {which} PageValues, {words}"
            add_quality(desk, f"{split}_{SHORT[row['model']]}_{which}", row, n, what, DESCRIBED)
        tables.append(pd.DataFrame(result[split]).assign(split=split))
    add_quality(desk, "alone", result["page_values_alone"], rows, "PageValues alone", DESCRIBED)
    desk.save("field", pd.concat([*tables, add_tuned(desk, tuned, rows)], ignore_index=True))
    add_hold_outs(desk, tuned["hold_outs"])
    # One stratified fold of the rows is the test.
    register_lesson(desk, "uci", result["resampling"], DATASET, rows // FOLDS)


def add_tuned(desk: Desk, tuned: dict[str, Any], n: int) -> pd.DataFrame:
    """The recipe chosen in training folds, and whether it reaches what was published; its table rows."""
    rows, aims = [], []
    for which, page_values in (("with", True), ("without", False)):
        row = tuned[f"{which}_page_values"]["chosen"]
        named = {"model": "chosen in training folds", "split": "folds", "page_values": page_values}
        rows.append(named | row)
        what = f"recipe chosen in training folds, {which} PageValues"
        add_quality(desk, f"nested_{which}", row, n, what, f"{TUNER}:nested")
    for metric, title in METRICS.items():
        low, high = (tuned["with_page_values"]["chosen"][f"{metric}_{end}"] for end in ("low", "high"))
        met = verdict(low, high, PUBLISHED[metric] - ROUNDING)
        aims.append((f"uci_aim_{metric}", met, "text", f"The published {title} as an aim"))
    add_rows(desk, aims, n=n, source="journey.inference.aims:verdict", dataset=DATASET)
    return pd.DataFrame(rows)


def add_quality(desk: Desk, name: str, row: dict[str, Any], n: int, what: str, source: str) -> None:
    """Two areas with intervals."""
    for metric, title in METRICS.items():
        area = Estimate(row[metric], row[f"{metric}_low"], row[f"{metric}_high"], n=n, method=METHOD)
        number = (f"uci_{name}_{metric}", area, "ratio", f"{title}, {what}")
        add_rows(desk, [number], source=source, dataset=DATASET)


def add_hold_outs(desk: Desk, hold_outs: dict[str, list[float]]) -> None:
    """How many single random hold-outs reach the published numbers."""
    drawn = pd.DataFrame(hold_outs)
    n, here = len(drawn), {"source": "journey.findings.prediction.field:add_hold_outs"}
    rows: list[Row] = [("uci_hold_outs", n, "count", "Random hold-outs of one fixed model")]
    for metric, title in METRICS.items():
        published = PUBLISHED[metric]
        label = f"Published {title} on Online Shoppers, oversampled (PMC10121810)"
        rows.append((f"uci_published_{metric}", published, "ratio", label, here))
        reaching = (drawn[metric] >= published - ROUNDING).sum()
        label = f"Hold-outs that reach the published {title} as rounded"
        rows.append((f"uci_reaching_{metric}", reaching, "count", label, {"n": n}))
    add_rows(desk, rows, source=f"{TUNER}:hold_outs", dataset=DATASET)
