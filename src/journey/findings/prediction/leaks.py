"""Findings of chapter 05: two ways to fake a score, and what remains of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.features.leaks import LEAKS, load_leaks
from journey.findings.desk import Desk
from journey.findings.prediction.decided import Decided
from journey.findings.prediction.differences import add_difference
from journey.models.boosting import fit_boosting
from journey.models.calibration import fit_calibration
from journey.models.imbalance import balanced_weights
from journey.models.leakage import leak_lesson
from journey.models.resampling import oversampling_lesson
from journey.models.scores import compare, measure

SOURCE = "journey.models.leakage:leak_lesson"
METHOD = "bootstrap over users, centred"
#: What leaks -> columns of `LEAKS`
GROUPS: dict[str, tuple[str, ...]] = {
    "nothing: the honest features": (),
    "length of the whole session": ("session_duration_s", "session_events"),
    "whether it reaches a checkout": ("session_has_checkout",),
    "conversion rate with the session in it": ("conversion_rate_with_session",),
    "all of them": tuple(leak.name for leak in LEAKS),
}
SHORT = {"nothing": "none", "length": "length", "whether": "checkout", "conversion": "rate", "all": "all"}


def add_leaks(desk: Desk, each: Decided, seed: int) -> None:
    """Whole-session features, and a conversion rate that counts the session it predicts."""
    known, test = each.periods.known, each.periods.test
    leaky = load_leaks(desk.warehouse, each.decision)
    place = pd.Series(np.arange(len(leaky)), index=leaky.decision_id)
    fills = {leak.name: np.full(len(test), leak.fill) for leak in LEAKS}
    fills["conversion_rate_with_session"] = test.column("past_conversion_rate")
    groups = {}
    for name, columns in GROUPS.items():
        chosen = [leaky.names.index(column) for column in columns]
        full = [leaky.matrix[place.loc[frame.decision_id].to_numpy()][:, chosen] for frame in (known, test)]
        at_decision = np.column_stack([np.empty((len(test), 0)), *(fills[column] for column in columns)])
        groups[name] = (full[0], full[1], at_decision)
    found = leak_lesson(
        (known.matrix, known.label),
        (test.matrix, test.label),
        known.names,
        groups,
        test.user_id,
        each.model.boosted.setting,
        seed=seed,
    )
    rows = []
    for leak in found:
        row: dict[str, Any] = {"leak": leak.name}
        short = SHORT[leak.name.replace(":", "").split()[0]]
        for kind in ("faked", "remaining"):
            estimate = getattr(leak, kind)
            row |= {kind: estimate.value, f"{kind}_low": estimate.low, f"{kind}_high": estimate.high}
            if short == "none" and kind == "remaining":
                continue
            what = leak.name.replace("all of them", "all leaks at once")
            word = "faked by" if kind == "faked" else "left after"
            label = f"ROC-AUC {word} a leak: {what}"
            desk.ledger.add(
                f"prediction.leak_{short}_{kind}" if short != "none" else "prediction.leak_honest",
                estimate.value,
                "ratio",
                low=estimate.low,
                high=estimate.high,
                method=METHOD,
                n=len(test),
                label=label if short != "none" else "ROC-AUC at session start, XGBoost on honest features",
                source=SOURCE,
            )
        rows.append(row)
        if leak.change:
            label = f"ROC-AUC change by a leak: {leak.name}"
            add_difference(desk, f"leak_{short}_change", leak.change, len(test), label)
    desk.save("leaks", pd.DataFrame(rows))


def add_resampling(desk: Desk, each: Decided, seed: int) -> None:
    """Imbalance four ways on the shop, and oversampling before the split."""
    train, validation, known, test = (
        each.periods.train,
        each.periods.validation,
        each.periods.known,
        each.periods.test,
    )
    setting = each.model.boosted.setting

    def scorer(features: np.ndarray, outcome: np.ndarray, held: np.ndarray) -> np.ndarray:
        return fit_boosting(features, outcome, known.names, setting, seed=seed).predict(held)

    features = np.vstack([known.matrix, test.matrix])
    outcome = np.r_[known.label, test.label]
    tested = np.r_[np.zeros(len(known), dtype=bool), np.ones(len(test), dtype=bool)]
    lesson = oversampling_lesson(features, outcome, tested, scorer, seed=seed, users=test.user_id)
    plain = [row.plain() for row in lesson]
    desk.save("resampling", pd.DataFrame(plain))
    register_lesson(desk, "resampled", plain, "simulated", len(test))

    # Weights: the scores no longer are probabilities until they are calibrated again.
    weighted, final = (
        fit_boosting(
            rows.matrix, rows.label, rows.names, setting, seed=seed, weight=balanced_weights(rows.label)
        )
        for rows in (train, known)
    )
    calibration = fit_calibration(validation.label, weighted.predict(validation.matrix), "platt")
    raw = final.predict(test.matrix)
    rows: list[dict[str, Any]] = []
    for name, scores in (
        ("no weights", each.probabilities["xgboost"]),
        ("class weights", raw),
        ("class weights, then calibrated", calibration(raw)),
    ):
        quality = measure(test.label, scores, test.user_id, replicates=200, seed=seed)
        rows.append(
            {"recipe": name, "calibration_error": quality.calibration_error}
            | {metric: getattr(quality, metric).value for metric in ("roc_auc", "pr_auc", "brier")}
        )
    desk.save("weights", pd.DataFrame(rows))
    moved = compare(test.label, raw, each.probabilities["xgboost"], test.user_id, replicates=200, seed=seed)
    label = "ROC-AUC at session start, class weights less no weights"
    add_difference(desk, "weights_raw_over_none_roc_auc", moved["roc_auc"], len(test), label)
    for name, row in (("none", rows[0]), ("raw", rows[1]), ("calibrated", rows[2])):
        for metric, label in (
            ("roc_auc", "ROC-AUC"),
            ("calibration_error", "Mean calibration gap"),
        ):
            desk.ledger.add(
                f"prediction.weights_{name}_{metric}",
                float(row[metric]),
                "ratio",
                n=len(test),
                label=f"{label} at session start, {row['recipe']}",
                source="journey.models.scores:measure",
            )


def register_lesson(desk: Desk, prefix: str, lesson: list[dict[str, Any]], dataset: str, n: int) -> None:
    """Numbers of an oversampling lesson, from its rows."""
    short = {"as they are": "none", "repeated rows": "repeat", "SMOTE": "smote"}
    where = {"none": "", "in training": "_inside", "before the split": "_before"}
    shop = "simulated shop" if dataset == "simulated" else "real sessions"
    for row in lesson:
        name = f"prediction.{prefix}_{short[row['recipe']]}{where[row['place']]}"
        recipe = "rows as they are" if row["place"] == "none" else f"{row['recipe']} {row['place']}"
        common: dict[str, Any] = {
            "source": "journey.models.resampling:oversampling_lesson",
            "dataset": dataset,
        }
        for metric, unit, title in (
            ("roc_auc", "ratio", "ROC-AUC"),
            ("pr_auc", "ratio", "PR-AUC"),
            ("accuracy", "share", "Accuracy"),
        ):
            label = f"{title}, {recipe}, {shop}"
            desk.ledger.add(f"{name}_{metric}", row[metric], unit, n=n, label=label, **common)
        if "change" in row:
            desk.ledger.add(
                f"{name}_change",
                row["change"],
                "ratio",
                low=row["change_low"],
                high=row["change_high"],
                method="bootstrap, both scores on the same draws",
                n=n,
                label=f"PR-AUC, {recipe}, change, {shop}",
                **common,
            )
