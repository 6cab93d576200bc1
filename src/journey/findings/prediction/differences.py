"""Findings of chapter 05: how much models differ on the same sessions; their own intervals cannot say."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.prediction.decided import SHORT, Decided
from journey.inference.estimate import Estimate
from journey.models.scores import compare

METHOD = "bootstrap over users, both scores on the same draws"
#: name in the ledger -> the model, the other
PAIRS = {
    "xgboost_over_logistic": ("xgboost", "logistic"),
    "blend_over_logistic": ("blend", "logistic"),
    "blend_over_xgboost": ("blend", "xgboost"),
    "chosen_over_rule": ("chosen", "bought_before"),
}
NAMES = {
    "logistic": "logistic regression",
    "xgboost": "XGBoost",
    "blend": "mean of both",
    "bought_before": "bought before",
    "chosen": "model that decides",
}
METRICS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC"}


def add_differences(desk: Desk, decided: dict[str, Decided], *, replicates: int, seed: int) -> None:
    """Every model against every other, and the one that decides against the rule, at every decision."""
    rows: list[dict[str, Any]] = []
    for each in decided.values():
        test = each.periods.test
        scores = each.probabilities | {"chosen": each.chosen}
        for name, (one, other) in PAIRS.items():
            found = compare(
                test.label, scores[one], scores[other], test.user_id, replicates=replicates, seed=seed
            )
            row: dict[str, Any] = {"decision": SHORT[each.decision][1], "model": NAMES[one]}
            row["other"] = NAMES[other]
            for metric, title in METRICS.items():
                estimate = found[metric]
                row |= {
                    metric: estimate.value,
                    f"{metric}_low": estimate.low,
                    f"{metric}_high": estimate.high,
                }
                label = f"{title} {each.when}, {NAMES[one]} less {NAMES[other]}"
                add_difference(desk, f"{each.short}_{name}_{metric}", estimate, len(test), label)
            rows.append(row)
    desk.save("differences", pd.DataFrame(rows))


def add_difference(desk: Desk, name: str, estimate: Estimate, n: int, label: str) -> None:
    """Register one difference of two scores on the same rows."""
    desk.ledger.add(
        f"prediction.{name}",
        estimate,
        "ratio",
        method=METHOD,
        n=n,
        digits=4,
        label=label,
        source="journey.models.scores:compare",
    )
