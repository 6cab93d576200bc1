"""Findings of chapter 05: two ways to fake a score, and what remains of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.features.leaks import LEAKS, load_leaks
from journey.findings.desk import Desk, add_rows
from journey.findings.prediction.decided import Decided
from journey.findings.prediction.differences import add_difference
from journey.inference.estimate import Estimate
from journey.models.boosting import fit_boosting
from journey.models.imbalance import balanced_weights
from journey.models.leakage import leak_lesson
from journey.models.resampling import oversampling_lesson
from journey.models.scores import compare, measure

SOURCE = "journey.models.leakage:leak_lesson"
METHOD = "bootstrap over users, centred"


def add_leaks(desk: Desk, each: Decided, seed: int) -> None:
    """Whole-session features, and a conversion rate that counts the session it predicts."""
    known, test = each.periods.known, each.periods.test
    leaky = load_leaks(desk.warehouse, each.decision)
    place = pd.Series(np.arange(len(leaky)), index=leaky.decision_id)
    chosen = [leaky.names.index(leak.name) for leak in LEAKS]
    full = [leaky.matrix[place.loc[frame.decision_id].to_numpy()][:, chosen] for frame in (known, test)]
    fills = {leak.name: np.full(len(test), leak.fill) for leak in LEAKS}
    fills["conversion_rate_with_session"] = test.column("past_conversion_rate")
    none = (np.empty((len(known), 0)), np.empty((len(test), 0)), np.empty((len(test), 0)))
    honest, leak = leak_lesson(
        (known.matrix, known.label),
        (test.matrix, test.label),
        known.names,
        {"nothing": none, "all of them": (full[0], full[1], np.column_stack([*fills.values()]))},
        test.user_id,
        each.model.boosted.setting,
        seed=seed,
    )
    for name, estimate, label in (
        ("honest", honest.faked, "ROC-AUC at session start, XGBoost on honest features"),
        ("all_faked", leak.faked, "ROC-AUC faked by a leak: all leaks at once"),
        ("all_remaining", leak.remaining, "ROC-AUC left after a leak: all leaks at once"),
    ):
        desk.ledger.add(
            f"prediction.leak_{name}", estimate, method=METHOD, n=len(test), label=label, source=SOURCE
        )
    assert leak.change is not None
    label = "ROC-AUC change by a leak: all of them"
    add_difference(desk, "leak_all_change", leak.change, len(test), label)


def add_resampling(desk: Desk, each: Decided, seed: int) -> None:
    """Class weights on the shop, and oversampling before the split."""
    known, test = each.periods.known, each.periods.test
    setting, source = each.model.boosted.setting, "journey.models.scores:measure"

    def scorer(features: np.ndarray, outcome: np.ndarray, held: np.ndarray) -> np.ndarray:
        return fit_boosting(features, outcome, known.names, setting, seed=seed).predict(held)

    features = np.vstack([known.matrix, test.matrix])
    outcome = np.r_[known.label, test.label]
    tested = np.r_[np.zeros(len(known), dtype=bool), np.ones(len(test), dtype=bool)]
    lesson = oversampling_lesson(features, outcome, tested, scorer, seed=seed, users=test.user_id)
    register_lesson(desk, "resampled", [row.plain() for row in lesson], "simulated", len(test))

    # With weights the scores no longer are probabilities.
    weight = balanced_weights(known.label)
    weighted = fit_boosting(known.matrix, known.label, known.names, setting, seed=seed, weight=weight)
    raw = weighted.predict(test.matrix)
    moved = compare(test.label, raw, each.probabilities["xgboost"], test.user_id, replicates=200, seed=seed)
    label = "ROC-AUC at session start, class weights less no weights"
    add_difference(desk, "weights_raw_over_none_roc_auc", moved["roc_auc"], len(test), label)
    gap = measure(test.label, raw, test.user_id, replicates=200, seed=seed).calibration_error
    label = "Mean calibration gap at session start, class weights"
    name = "prediction.weights_raw_calibration_error"
    desk.ledger.add(name, gap, n=len(test), label=label, source=source)


def register_lesson(desk: Desk, prefix: str, lesson: list[dict[str, Any]], dataset: str, n: int) -> None:
    """Numbers of an oversampling lesson that a page tells, from its rows."""
    rows = {(row["recipe"], row["place"]): row for row in lesson}
    shop = "simulated shop" if dataset == "simulated" else "real sessions"
    plain, before = (
        rows[which]["pr_auc"] for which in (("as they are", "none"), ("SMOTE", "before the split"))
    )
    inside = rows["SMOTE", "in training"]
    low, high = inside["change_low"], inside["change_high"]
    change = Estimate(inside["change"], low, high, method="bootstrap, both scores on the same draws")
    numbers = (
        (f"{prefix}_none_pr_auc", plain, "ratio", f"PR-AUC, rows as they are, {shop}"),
        (f"{prefix}_smote_before_pr_auc", before, "ratio", f"PR-AUC, SMOTE before the split, {shop}"),
        (f"{prefix}_smote_inside_change", change, "ratio", f"PR-AUC, SMOTE in training, change, {shop}"),
    )
    source = "journey.models.resampling:oversampling_lesson"
    add_rows(desk, numbers, n=n, source=source, dataset=dataset)
