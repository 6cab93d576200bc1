"""Findings of chapter 05 on real sessions: UCI Online Shoppers, next to published numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.prediction.leaks import register_lesson
from journey.inference.aims import verdict
from journey.studies.registry import kept
from journey.studies.shoppers import FOLDS
from journey.studies.shoppers_tuning import PUBLISHED

DATASET = "online_shoppers"
METRICS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC"}
SHORT = {"logistic, defaults": "logistic", "XGBoost, defaults": "defaults", "XGBoost, small trees": "small"}
METHOD = "bootstrap over rows within folds"
ROUNDING = 0.0005  # published to three digits


def add_field(desk: Desk) -> None:
    """The same functions on real sessions: folds, months, with and without `PageValues`."""
    found = kept(DATASET, desk.paths)
    tuning = kept("online_shoppers_tuning", desk.paths)
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
    common: dict[str, Any] = {"source": "journey.studies.shoppers:describe_shoppers", "dataset": DATASET}
    rows, later = result["rows"], result["test_rows_by_month"]
    for name, value, n, label in (
        ("rows", rows, None, "Sessions of Online Shoppers"),
        ("purchases", result["purchases"], rows, "Sessions of Online Shoppers that buy"),
    ):
        desk.ledger.add(f"prediction.uci_{name}", value, "count", n=n, label=label, **common)
    tables = []
    for split, n, words in (("folds", rows, "five folds"), ("months", later, "later months")):
        for row in result[split]:
            which = "with" if row["page_values"] else "without"
            what = f"{row['model']}, {which} PageValues, {words}"
            add_quality(desk, f"{split}_{SHORT[row['model']]}_{which}", row, n, what, common)
        tables.append(pd.DataFrame(result[split]).assign(split=split))
    add_quality(desk, "alone", result["page_values_alone"], rows, "PageValues alone", common)
    tuner = "journey.studies.shoppers_tuning"
    extra = []
    for which, page_values in (("with", True), ("without", False)):
        row = tuned[f"{which}_page_values"]["chosen"]
        extra.append(
            {"model": "chosen in training folds", "split": "folds", "page_values": page_values} | row
        )
        what = f"recipe chosen in training folds, {which} PageValues"
        add_quality(desk, f"nested_{which}", row, rows, what, common | {"source": f"{tuner}:nested"})
    for metric, title in METRICS.items():
        low, high = (tuned["with_page_values"]["chosen"][f"{metric}_{end}"] for end in ("low", "high"))
        found_out, label = (
            verdict(low, high, PUBLISHED[metric] - ROUNDING),
            f"The published {title} as an aim",
        )
        own: dict[str, Any] = {"source": "journey.inference.aims:verdict", "dataset": DATASET}
        desk.ledger.add(f"prediction.uci_aim_{metric}", found_out, n=rows, label=label, **own)
    desk.save("field", pd.concat([*tables, pd.DataFrame(extra)], ignore_index=True))
    add_hold_outs(desk, tuned["hold_outs"], common)
    # One stratified fold of the rows is the test.
    register_lesson(desk, "uci", result["resampling"], DATASET, rows // FOLDS)


def add_quality(
    desk: Desk, name: str, row: dict[str, Any], n: int, what: str, common: dict[str, Any]
) -> None:
    """Two areas with intervals."""
    for metric, title in METRICS.items():
        desk.ledger.add(
            f"prediction.uci_{name}_{metric}",
            row[metric],
            "ratio",
            low=row[f"{metric}_low"],
            high=row[f"{metric}_high"],
            method=METHOD,
            n=n,
            label=f"{title}, {what}",
            **common,
        )


def add_hold_outs(desk: Desk, hold_outs: dict[str, list[float]], common: dict[str, Any]) -> None:
    """How many single random hold-outs reach the published numbers."""
    values = pd.DataFrame(hold_outs)
    source = {"source": "journey.studies.shoppers_tuning:hold_outs", "dataset": common["dataset"]}
    label = "Random hold-outs of one fixed model"
    desk.ledger.add("prediction.uci_hold_outs", len(values), "count", label=label, **source)
    for metric, title in METRICS.items():
        published = PUBLISHED[metric]
        drawn = values[metric].to_numpy()
        desk.ledger.add(
            f"prediction.uci_published_{metric}",
            published,
            "ratio",
            label=f"Published {title} on Online Shoppers, oversampled (PMC10121810)",
            source="journey.findings.prediction.field:add_hold_outs",
            dataset=DATASET,
        )
        desk.ledger.add(
            f"prediction.uci_reaching_{metric}",
            int((drawn >= published - ROUNDING).sum()),
            "count",
            n=len(drawn),
            label=f"Hold-outs that reach the published {title} as rounded",
            **source,
        )
