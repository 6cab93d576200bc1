"""The field part of chapter 07: Online Retail baskets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey import recommend
from journey.metrics import bootstrap
from journey.recommend.baskets import retail_study
from journey.report.findings.desk import Desk
from journey.report.findings.recommend_names import METHOD_NAMES, in_sentence, mix_text
from journey.stores.datasets import load_online_retail
from journey.stores.evidence import evidence

#: a rank that flips in the last bits of a product moves one user's list, hence more than the usual 1e-6
TOLERANCE = 1e-3


def add_field(desk: Desk) -> None:
    """Register what customers of Online Retail bought next, as committed evidence."""
    found = evidence(
        "online_retail_recommendations",
        "online_retail",
        lambda: retail_study(load_online_retail()),
        sources=(recommend, bootstrap),
        tolerance=TOLERANCE,
    )
    result = found.results
    common: dict[str, Any] = {
        "source": "journey.recommend.baskets:retail_study",
        "dataset": "online_retail",
    }
    for name in ("customers", "products", "candidates"):
        desk.ledger.add(f"recommend.retail_{name}", result[name], "count", **common)
    desk.ledger.add("recommend.retail_contacts", result["rows"]["contacts"], "count", **common)
    desk.ledger.add("recommend.retail_lines", result["rows"]["lines"], "count", **common)
    desk.ledger.add("recommend.retail_cold_share", result["cold_share"], "share", **common)
    rows = []
    for task in ("new", "repeats", "cold"):
        part = result[task]
        desk.ledger.add(f"recommend.retail_{task}_users", part["users"], "count", **common)
        for row in part["methods"]:
            rows.append({"task": task, "name": METHOD_NAMES[row["method"]], **row})
            for metric, unit in (("recall", "share"), ("ndcg", "ratio")):
                desk.ledger.add(
                    f"recommend.retail_{task}_{metric}_{row['method']}",
                    row[metric],
                    unit,
                    low=row[f"{metric}_low"],
                    high=row[f"{metric}_high"],
                    method="percentile bootstrap over users",
                    n=part["users"],
                    label=f"{metric} at 20, {METHOD_NAMES[row['method']]}, {task}",
                    **common,
                )
    desk.save("retail", pd.DataFrame(rows))
    desk.ledger.add("recommend.retail_mix", mix_text(result["settings"]["mix"]), **common)
    table = pd.DataFrame(result["new"]["methods"]).sort_values("ndcg", kind="stable")
    desk.ledger.add("recommend.retail_best", in_sentence(table["method"].iloc[-1]), **common)
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
