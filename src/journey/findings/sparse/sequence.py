"""Findings of chapter 06: whether reading the raw events beats counting them, from the committed study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.sparse.entries import add_estimate
from journey.inference.estimate import Estimate
from journey.studies.registry import kept

SOURCE = "journey.studies.sequence_model.study:sequence_model"
MODEL_NAMES = {
    "features": "features",
    "sequence": "sequence of events",
    "both": "mean of both",
    "oracle": "oracle",
}
TARGET_NAMES = {
    "session_start": "at session start",
    "after_3_events": "after the third event",
    "first_cart": "at the first cart",
    "item": "the item, all pairs",
    "untouched": "the item, untouched pairs",
}
#: Columns of a decision and of a pair -> columns of the table.
DECISION = {
    "roc_auc": "value",
    "roc_auc_over": "over",
    "roc_auc_share": "share",
    "pr_auc": "precision",
    "pr_auc_over": "precision_over",
}
PAIR = {
    "lift": "value",
    "lift_over": "over",
    "precision_share": "share",
    "precision": "precision",
    "precision_over": "precision_over",
}
ENDS = ("", "_low", "_high")
#: What the chapter names: size, target, model, measure.
NAMED = (
    *(
        (size, target, model, "value")
        for size in ("smallest", "largest")
        for target in ("session_start", "item")
        for model in ("features", "sequence")
    ),
    ("largest", "session_start", "sequence", "over"),
    ("largest", "session_start", "both", "over"),
    ("largest", "session_start", "features", "share"),
    ("largest", "session_start", "sequence", "share"),
    ("largest", "item", "sequence", "over"),
    ("largest", "untouched", "both", "over"),
)


def add_sequence(desk: Desk) -> None:
    """Both kinds of model by number of users, and where one is ahead of the other for certain."""
    found = kept("sequence_model", desk.paths)
    desk.save("sequence_evidence", pd.DataFrame({"note": [found.label]}))
    sizes = pd.DataFrame(found.results["shops"]).groupby("users", as_index=False)
    known = sizes[["test_sessions", "test_positives", "test_untouched_positives"]].sum()
    points = sequence_points(found.results).merge(known, on="users")
    points["name"] = points["model"].map(MODEL_NAMES)
    points["target_name"] = points["target"].map(TARGET_NAMES)
    desk.save("sequence", points)
    ends = {"smallest": points["users"].min(), "largest": points["users"].max()}
    rows = points.set_index(["users", "target", "model"], drop=False)
    for size, target, model, measure in NAMED:
        add_point(desk, rows.loc[(ends[size], target, model)].to_dict(), size, measure)
    add_counts(desk, points)


def sequence_points(results: dict[str, Any]) -> pd.DataFrame:
    """One row a size, target and model.

    `value` is the area under the ROC curve of a decision and the lift of an item, `precision` the area under
    the precision-recall curve; `over` and `precision_over` are their differences from the features', `share`
    is the part of what the oracle gains over chance.
    """
    parts = []
    for rows, target, columns in (
        (results["decisions"], "decision", DECISION),
        (results["items"], "part", PAIR),
    ):
        wanted = {f"{old}{end}": f"{new}{end}" for old, new in columns.items() for end in ENDS}
        frame = pd.DataFrame(rows).rename(columns={target: "target", **wanted})
        parts.append(frame[["users", "target", "model", *wanted.values()]])
    points = pd.concat(parts, ignore_index=True)
    return points.assign(target=points["target"].replace({"all": "item"}))


def add_point(desk: Desk, row: dict[str, Any], size: str, measure: str) -> None:
    """One measure of one model on one target in the smallest or the largest shops."""
    decision = row["target"] == "session_start"
    what = "ROC-AUC" if decision else "Lift"
    label = {"value": what, "over": f"{what} over features", "share": "Part of oracle's gain"}[measure]
    add_estimate(
        desk,
        f"sequence_{size}_{row['target']}_{row['model']}_{measure}",
        Estimate(row[measure], row[f"{measure}_low"], row[f"{measure}_high"]),
        ("share", 0) if measure == "share" else ("ratio", 3 if decision else 0),
        int(row["test_sessions" if decision else "test_positives"]),
        f"{label}: {row['model']}, {row['target_name']}, {row['users']:,} users",
    )


def add_counts(desk: Desk, points: pd.DataFrame) -> None:
    """In how many comparisons the sequence is ahead or behind for certain, and from which size on."""
    rows = points[points["model"].eq("sequence")].sort_values("users")
    ahead = rows[rows["over_low"].gt(0)]
    start = ahead[ahead["target"].eq("session_start")]
    first = f"from {int(start['users'].iloc[0]):,} users on" if len(start) else "in no shop that was tried"
    for key, value, unit, label in (
        ("compared", len(rows), "count", "Comparisons of a sequence of events with features"),
        ("ahead", len(ahead), "count", "Comparisons that the sequence of events wins for certain"),
        (
            "behind",
            int(rows["over_high"].lt(0).sum()),
            "count",
            "Comparisons that the features win for certain",
        ),
        ("largest_users", int(points["users"].max()), "count", "Users of the largest shop that was read"),
        ("from", first, "text", "Where the sequence of events wins at session start for certain"),
    ):
        desk.ledger.add(f"sparse.sequence_{key}", value, unit, label=label, source=SOURCE)
