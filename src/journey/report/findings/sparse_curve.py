"""Findings of chapter 06: what more users teach, from the committed learning curve."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.evaluation.learning_curve import curve_evidence
from journey.models.scores import Estimate
from journey.report.findings.desk import Desk
from journey.report.findings.sparse_entries import add_estimate

SOURCE = "data/evidence/sparse_learning_curve.json"
MODEL_NAMES = {
    "margin": "purchase score times popularity",
    "plain": "history only",
    "collaborative": "with collaborative filtering",
    "embedding": "with item embeddings too",
    "tastes": "told the true tastes",
    "oracle": "oracle",
}
MEASURES = {
    "precision": ("ratio", 5),
    "lift": ("ratio", 0),
    "over_plain": ("ratio", 5),
    "of_tastes": ("share", 0),
}


def add_curve(desk: Desk) -> None:
    """Quality by number of users, and from how many on collaborative filtering helps for certain."""
    found = curve_evidence(desk.paths)
    desk.save("curve_evidence", pd.DataFrame({"note": [found.label]}))
    points = pd.DataFrame(found.results["points"])
    shops = pd.DataFrame(
        {
            **row,
            **{f"rounds_{name}": trees for name, trees in row["rounds"].items()},
        }
        for row in found.results["shops"]
    ).drop(columns=["rounds", "validation_loss"])
    sizes = shops.groupby("users").agg(
        shops=("shop", "size"),
        positives=("known_positives", "mean"),
        test_positives=("test_positives", "sum"),
        new_positives=("test_untouched_positives", "sum"),
        expected=("expected_positives", "sum"),
        correlation=("taste_correlation", "mean"),
    )
    points["name"] = points["model"].map(MODEL_NAMES)
    points = points.merge(sizes.reset_index(), on="users")
    desk.save("curve", points)
    desk.save("curve_shops", sizes.reset_index())
    for users, size in sizes.iterrows():
        short = f"{int(str(users)) // 1000}k"
        add_size(desk, short, size)
    for row in points.to_dict("records"):
        add_point(desk, {str(key): value for key, value in row.items()})
    add_threshold(desk, points)


def add_size(desk: Desk, short: str, size: pd.Series) -> None:
    """How much there is to learn from, and how well tastes are learned."""
    for name, value in (
        ("shops", int(size["shops"])),
        ("positives", round(float(size["positives"]))),
        ("test_positives", int(size["test_positives"])),
        ("new_positives", int(size["new_positives"])),
    ):
        desk.ledger.add(f"sparse.curve_{short}_{name}", value, "count", source=SOURCE)
    desk.ledger.add(
        f"sparse.curve_{short}_correlation",
        float(size["correlation"]),
        digits=2,
        label="Mean correlation of learned and true preference over items, users with ten contacts or more",
        source=SOURCE,
    )


def add_point(desk: Desk, row: dict[str, Any]) -> None:
    """One model on shops of one size."""
    short = f"{row['users'] // 1000}k"
    n = int(row["test_positives"] if row["part"] == "all" else row["new_positives"])
    for measure, form in MEASURES.items():
        add_estimate(
            desk,
            f"curve_{short}_{row['part']}_{row['model']}_{measure}",
            Estimate(row[measure], row[f"{measure}_low"], row[f"{measure}_high"]),
            form,
            n,
            f"{measure}, {row['name']}, {row['users']:,} users, {row['part']} pairs",
        )


def add_threshold(desk: Desk, points: pd.DataFrame) -> None:
    """The smallest shop from which on the interval of a model's gain stays above zero."""
    for model in ("plain", "collaborative", "embedding"):
        for part in ("all", "untouched"):
            measure = "gain" if model == "plain" else "over_plain"
            rows = points[points["model"].eq(model) & points["part"].eq(part)].sort_values("users")
            clear = rows[f"{measure}_low"].gt(0)[::-1].cummin()[::-1].to_numpy(dtype=bool)
            first = rows[clear].head(1)
            key = f"sparse.learnable_{part}_{model}"
            if first.empty:
                desk.ledger.add(f"{key}_users", "no size tried", source=SOURCE)
                desk.ledger.add(f"{key}_positives", "more than tried", source=SOURCE)
            else:
                desk.ledger.add(f"{key}_users", int(first["users"].iloc[0]), "count", source=SOURCE)
                desk.ledger.add(
                    f"{key}_positives", round(float(first["positives"].iloc[0])), "count", source=SOURCE
                )
