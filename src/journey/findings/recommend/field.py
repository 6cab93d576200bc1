"""The field part of chapter 07: Online Retail baskets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.recommend.names import METHOD_NAMES, METRIC_NAMES, in_sentence, mix_text
from journey.inference.estimate import Estimate
from journey.studies.registry import kept

#: a rank that flips in the last bits of a product moves one user's list, hence more than the usual 1e-6
TASKS = {"new": "new products", "repeats": "repeats allowed", "cold": "customers without a history"}


#: differences that the chapter speaks of: method, other
OVER = (("als", "recent"), ("hybrid", "recent"), ("bought_before", "als"))


def add_field(desk: Desk) -> None:
    """Register what customers of Online Retail bought next, as committed evidence."""
    found = kept("online_retail_recommendations", desk.paths)
    result = found.results
    common: dict[str, Any] = {
        "source": "journey.studies.online_retail.baskets:retail_study",
        "dataset": "online_retail",
    }
    for name, value, label in (
        ("customers", result["customers"], "Customers of Online Retail"),
        ("contacts", result["rows"]["contacts"], "Purchases of Online Retail, one a product and invoice"),
    ):
        desk.ledger.add(f"recommend.retail_{name}", value, "count", label=label, **common)
    rows = []
    for task, words in TASKS.items():
        part = result[task]
        rows += [{"task": task, "name": METHOD_NAMES[row["method"]], **row} for row in part["methods"]]
        if task != "cold":
            add_differences(desk, task, part, words, common)
    desk.save("retail", pd.DataFrame(rows))
    mix, label = mix_text(result["settings"]["mix"]), "Weights of the parts of the hybrid, Online Retail"
    desk.ledger.add("recommend.retail_mix", mix, label=label, **common)
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))


def add_differences(desk: Desk, task: str, part: dict[str, Any], words: str, common: dict[str, Any]) -> None:
    """How much better one list is than another on the same customers."""
    for row in part["differences"]:
        method, other, metric = (row[name] for name in ("method", "other", "metric"))
        if (method, other) not in OVER:
            continue
        what = f"{METRIC_NAMES[metric]}, {in_sentence(method)} over {in_sentence(other)}"
        desk.ledger.add(
            f"recommend.retail_{task}_{method}_over_{other}_{metric}",
            Estimate(
                value=row["change"],
                low=row["change_low"],
                high=row["change_high"],
                n=part["users"],
                method="percentile bootstrap over users",
            ),
            "share",
            label=f"{what}, {words}",
            **common,
        )
