"""Findings of chapter 05 on real sessions: UCI Online Shoppers, next to published numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from journey.models import boosting, imbalance, ranked, resampling, scores, shoppers
from journey.models.shoppers import describe_shoppers
from journey.models.shoppers_tuning import PUBLISHED, tuning_evidence
from journey.report.findings.desk import Desk
from journey.report.findings.prediction_leaks import register_lesson
from journey.stores.datasets import load_online_shoppers
from journey.stores.evidence import evidence

DATASET = "online_shoppers"
SHORT = {"logistic, defaults": "logistic", "XGBoost, defaults": "defaults", "XGBoost, tuned": "tuned"}
METHOD = "bootstrap over rows within folds"


def add_field(desk: Desk) -> None:
    """The same functions on real sessions: folds, months, with and without `PageValues`."""
    found = evidence(
        DATASET,
        DATASET,
        lambda: describe_shoppers(load_online_shoppers()),
        sources=(boosting, imbalance, ranked, resampling, scores, shoppers),
        # Another release of the boosting library may grow slightly different trees.
        tolerance=0.02,
    )
    tuning = tuning_evidence()
    result, tuned = found.results, tuning.results
    desk.save(
        "field_evidence",
        pd.DataFrame(
            {
                "note": [
                    found.label,
                    f"Nested tuning and hold-outs: computed on {tuning.date} ({tuning.seconds:.0f} s).",
                ]
            }
        ),
    )
    common: dict[str, Any] = {"source": "journey.models.shoppers:describe_shoppers", "dataset": DATASET}
    desk.ledger.add("prediction.uci_rows", result["rows"], "count", **common)
    desk.ledger.add("prediction.uci_purchases", result["purchases"], "count", n=result["rows"], **common)
    desk.ledger.add("prediction.uci_month_rows", result["test_rows_by_month"], "count", **common)
    tables = []
    for split, n in (("folds", result["rows"]), ("months", result["test_rows_by_month"])):
        for row in result[split]:
            which = "with" if row["page_values"] else "without"
            add_quality(desk, f"{split}_{SHORT[row['model']]}_{which}", row, n, common)
        tables.append(pd.DataFrame(result[split]).assign(split=split))
    add_quality(desk, "alone", result["page_values_alone"], result["rows"], common)
    nested = {"model": "XGBoost, nested tuning", "split": "folds"}
    blended = {"model": "XGBoost and extra trees, nested tuning", "split": "folds"}
    extra = []
    for key, page_values in (("with_page_values", True), ("without_page_values", False)):
        for base, name, short in (
            (nested, "xgboost", "nested"),
            (blended, "xgboost_and_extra_trees", "nested_blend"),
        ):
            row = tuned[key][name]
            extra.append(base | row | {"page_values": page_values})
            which = "with" if page_values else "without"
            add_quality(desk, f"{short}_{which}", row, result["rows"], common)
    desk.save("field", pd.concat([*tables, pd.DataFrame(extra)], ignore_index=True))
    add_hold_outs(desk, tuned["hold_outs"], common)
    lesson = [SimpleNamespace(**row) for row in result["resampling"]]
    desk.save("field_resampling", pd.DataFrame(result["resampling"]))
    register_lesson(desk, "uci", lesson, DATASET, result["rows"])


def add_quality(desk: Desk, name: str, row: dict[str, Any], n: int, common: dict[str, Any]) -> None:
    """Two areas with intervals."""
    for metric in ("roc_auc", "pr_auc"):
        desk.ledger.add(
            f"prediction.uci_{name}_{metric}",
            row[metric],
            "ratio",
            low=row[f"{metric}_low"],
            high=row[f"{metric}_high"],
            method=METHOD,
            n=n,
            **common,
        )


def add_hold_outs(desk: Desk, hold_outs: dict[str, list[float]], common: dict[str, Any]) -> None:
    """How far single random hold-outs lie apart, and how many reach the published numbers."""
    values = pd.DataFrame(hold_outs)
    desk.save("hold_outs", values)
    source = {"source": "journey.models.shoppers_tuning:hold_outs", "dataset": common["dataset"]}
    desk.ledger.add("prediction.uci_hold_outs", len(values), "count", **source)
    for metric in ("roc_auc", "pr_auc"):
        published = PUBLISHED[metric]
        drawn = values[metric].to_numpy()
        desk.ledger.add(
            f"prediction.uci_published_{metric}",
            published,
            "ratio",
            source="PMC10121810, XGBoost with feature selection and oversampling",
            dataset=DATASET,
        )
        desk.ledger.add(
            f"prediction.uci_hold_out_{metric}",
            float(np.mean(drawn)),
            "ratio",
            low=float(drawn.min()),
            high=float(drawn.max()),
            level=1.0,
            method="lowest and highest of the hold-outs",
            n=len(drawn),
            **source,
        )
        desk.ledger.add(
            f"prediction.uci_reaching_{metric}",
            int((drawn >= published - 0.0005).sum()),
            "count",
            n=len(drawn),
            label="Hold-outs that reach the published number as rounded",
            **source,
        )
