"""Findings of chapter 08 on the simulated shop: who buys nothing next, against the true chances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.customers.buying import fit_buying
from journey.customers.churn import KINDS, WAYS, fit_churn, snapshots
from journey.customers.history import FEATURES, known_at
from journey.customers.summary import Floats, PurchaseDays, Summary
from journey.evaluation.customer_truth import customer_future, expected_area
from journey.findings.customer_value.entries import add_estimate
from journey.findings.desk import Desk

#: Half the window of the shop: what is learned from and what is foretold are as long.
HORIZON, SEED = 45, 8
SOURCE = "journey.findings.customer_value.churn:add_shop_churn"
NAMES = {"none": "as they are", "weights": "class weights", "SMOTE": "SMOTE"}


def add_shop_churn(desk: Desk, days: PurchaseDays, summary: Summary) -> None:
    """Area under the curve of every score and of the truth, and how far probabilities lie from the truth."""
    last = int(days.day.max())
    now = known_at(days, last, within=HORIZON)
    future = customer_future(desk.warehouse, desk.paths.store("simulated"), now.customer, HORIZON)
    train = snapshots(lambda _: days, days, [last - HORIZON], HORIZON)
    model: Any = fit_buying(summary, "Pareto/NBD").model
    rows = np.searchsorted(summary.customer, now.customer)
    scores: dict[str, Floats] = {
        f"{kind}, {NAMES[way]}": fit_churn(train, kind, way, seed=SEED)(now.matrix)
        for kind in KINDS
        for way in WAYS
    }
    scores["model of buying"] = model.quiet(summary, HORIZON)[rows]
    scores["oracle: the true chance"] = future.quiet
    found: list[dict[str, Any]] = []
    for label, p in scores.items():
        area = expected_area(future.quiet, p)
        found.append(
            {
                "score": label,
                "roc_auc": area.value,
                "low": area.low,
                "high": area.high,
                "mean": float(p.mean()),
                "gap": float(np.abs(p - future.quiet).mean()),
            }
        )
    desk.save("shop_churn", pd.DataFrame(found))
    n = len(now.customer)
    add = desk.ledger.add
    add("customer_value.risk_customers", n, "count", label="Customers at risk in the shop", source=SOURCE)
    base = float(future.quiet.mean())
    add(
        "customer_value.true_quiet",
        base,
        "share",
        digits=0,
        n=n,
        label="True share that buys nothing next",
        source=SOURCE,
    )
    learned = float(train.left.mean())
    add(
        "customer_value.learned_quiet",
        learned,
        "share",
        digits=0,
        n=len(train),
        label="The same among those learned from",
        source=SOURCE,
    )
    add("customer_value.shop_horizon", HORIZON, "count", label="Days foretold in the shop", source=SOURCE)
    ways = "journey.evaluation.customer_truth:expected_area"
    silence = expected_area(future.quiet, now.matrix[:, FEATURES.index("days_since_last")])
    for name, label in (
        ("ceiling", "oracle: the true chance"),
        ("plain", f"logistic, {NAMES['none']}"),
        ("buying", "model of buying"),
    ):
        area = expected_area(future.quiet, scores[label])
        add_estimate(
            desk,
            f"shop_auc_{name}",
            area,
            "ratio",
            n,
            f"ROC-AUC in the shop, {label}",
            ways,
            "bootstrap over customers",
        )
    add_estimate(
        desk,
        "shop_auc_silence",
        silence,
        "ratio",
        n,
        "ROC-AUC in the shop, days of silence",
        ways,
        "bootstrap over customers",
    )
    for way in WAYS:
        gap = next(row["gap"] for row in found if row["score"] == f"logistic, {NAMES[way]}")
        label = f"Mean gap to the true chance, logistic, {NAMES[way]}"
        add(
            f"customer_value.shop_gap_{way.lower()}", gap, "points", digits=0, n=n, label=label, source=SOURCE
        )
