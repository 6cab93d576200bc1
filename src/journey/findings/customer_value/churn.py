"""Findings of chapter 08 on the simulated shop: who buys nothing next, against the true chances."""

from __future__ import annotations

import numpy as np

from journey.customers.churn import WAYS, fit_churn, snapshots
from journey.customers.history import known_at
from journey.customers.summary import PurchaseDays
from journey.evaluation.customer_truth import customer_future, expected_area
from journey.findings.customer_value.entries import adder
from journey.findings.desk import Desk
from journey.inference.arrays import Floats

#: Half the window of the shop: what is learned from and what is foretold are as long.
HORIZON, SEED = 45, 8
SOURCE = "journey.findings.customer_value.churn:add_shop_churn"
NAMES = {"none": "as they are", "weights": "class weights", "SMOTE": "SMOTE"}


def add_shop_churn(desk: Desk, days: PurchaseDays) -> None:
    """Area under the curve of scores and of the truth, and how far probabilities lie from the truth."""
    last = int(days.day.max())
    now = known_at(days, last, within=HORIZON)
    future = customer_future(desk.warehouse, desk.paths.store("simulated"), now.customer, HORIZON)
    train = snapshots(lambda _: days, days, [last - HORIZON], HORIZON)
    plain: dict[str, Floats] = {way: fit_churn(train, "logistic", way, seed=SEED)(now.matrix) for way in WAYS}
    n = len(now.customer)
    add = adder(desk, SOURCE)
    for way, p in plain.items():
        gap = float(np.abs(p - future.quiet).mean())
        add(f"shop_gap_{way.lower()}", gap, "points", f"Mean gap to the true chance, {NAMES[way]}", n)
    add_area = adder(
        desk, "journey.evaluation.customer_truth:expected_area", method="bootstrap over customers"
    )
    for name, label, score in (
        ("ceiling", "oracle: the true chance", future.quiet),
        ("plain", "logistic regression", plain["none"]),
    ):
        area = expected_area(future.quiet, score)
        add_area(f"shop_auc_{name}", area, "ratio", f"ROC-AUC in the shop, {label}", n)
