"""Findings of chapter 06: what more users teach, from the committed learning curve."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.sparse.entries import add_estimate
from journey.inference.differences import independent_difference
from journey.inference.estimate import Estimate
from journey.studies.registry import kept

SOURCE = "journey.studies.learning_curve:learning_curve"
MODEL_NAMES = {
    "margin": "purchase score times popularity",
    "plain": "history only",
    "collaborative": "with collaborative filtering",
    "embedding": "with item embeddings too",
    "tastes": "told the true tastes",
    "oracle": "oracle",
}
MEASURES = {"lift": ("ratio", 1), "of_tastes": ("share", 0)}


#: Sizes whose lifts are compared, and the columns of a lift.
GROWN = (300_000, 10_000)
LIFT = ["lift", "lift_low", "lift_high"]
BINS = {"1": "1 to 9", "10": "10 to 29", "30": "30 to 99", "100": "100 or more"}


def add_curve(desk: Desk) -> None:
    """Quality by number of users, and from how many on collaborative filtering helps for certain."""
    found = kept("sparse_learning_curve", desk.paths)
    desk.save("curve_evidence", pd.DataFrame({"note": [found.label]}))
    shops = pd.DataFrame(found.results["shops"])
    sizes = shops.groupby("users", as_index=False).agg(
        positives=("known_positives", "mean"),
        new_positives=("test_untouched_positives", "sum"),
    )
    points = pd.DataFrame(found.results["points"]).merge(sizes, on="users")
    points["name"] = points["model"].map(MODEL_NAMES)
    desk.save("curve", points)
    for size in sizes.to_dict("records"):
        add_size(desk, {str(key): int(value) for key, value in size.items()})
    new = points[points["part"].eq("untouched")]
    for row in new.to_dict("records"):
        add_point(desk, {str(key): value for key, value in row.items()})
    add_growth(desk, new)
    add_tastes(desk, shops)
    add_threshold(desk, new, "collaborative")


def short(users: int) -> str:
    """A size as it stands in an identifier."""
    return f"{users // 1000}k"


def add_size(desk: Desk, size: dict[str, int]) -> None:
    """How much there is to learn from and to test on."""
    users = short(size["users"])
    for name, what in (
        ("users", "users of a shop"),
        ("positives", "purchased pairs to learn from"),
    ):
        label = f"Learning curve at {users} users: {what}"
        desk.ledger.add(f"sparse.curve_{users}_{name}", size[name], "count", label=label, source=SOURCE)


def add_point(desk: Desk, row: dict[str, Any]) -> None:
    """One model on the new items of shops of one size."""
    for measure, form in MEASURES.items():
        add_estimate(
            desk,
            f"curve_{short(row['users'])}_untouched_{row['model']}_{measure}",
            Estimate(row[measure], row[f"{measure}_low"], row[f"{measure}_high"]),
            form,
            int(row["new_positives"]),
            f"{measure}, {row['name']}, {row['users']:,} users, untouched pairs",
        )


def add_growth(desk: Desk, points: pd.DataFrame) -> None:
    """What thirty times the users add to the lift on new items: two shops that share nobody."""
    rows = points[points["model"].eq("collaborative")].set_index("users")
    large, small = (tuple(rows.loc[users, LIFT]) for users in GROWN)
    value, low, high = independent_difference(large, small)
    add_estimate(
        desk,
        "curve_untouched_collaborative_growth",
        Estimate(value, low, high),
        ("ratio", 1),
        int(rows.loc[GROWN[0], "new_positives"]),
        f"Growth of the lift to {GROWN[0]:,} users, {MODEL_NAMES['collaborative']}",
    )


def add_tastes(desk: Desk, shops: pd.DataFrame) -> None:
    """How well tastes are learned, by size of the shop and by how much the user has shown."""
    rows = [
        {"users": users, "contacts": BINS[low], "low": int(low), "correlation": float(value)}
        for users, found in zip(shops["users"], shops["taste_correlation"], strict=True)
        for low, value in found.items()
        if value is not None
    ]
    table = pd.DataFrame(rows).groupby(["users", "low", "contacts"], as_index=False)["correlation"].mean()
    for row in table.to_dict("records"):
        desk.ledger.add(
            f"sparse.tastes_{short(row['users'])}_{row['low']}",
            row["correlation"],
            digits=2,
            label=f"Learned with true taste, {short(row['users'])} users, {row['contacts']} items touched",
            source=SOURCE,
        )


def add_threshold(desk: Desk, points: pd.DataFrame, model: str) -> None:
    """Purchases in the smallest shop whose gain over history alone is clear of zero."""
    rows = points[points["model"].eq(model)].sort_values("users")
    clear = rows[rows["over_plain_low"].gt(0)]
    first = clear["positives"].iloc[0] if len(clear) else None
    text = f"about {round(first, -2):,.0f}" if first is not None else "more than were tried"
    label = f"Purchases at the smallest such size, {model}, new items"
    desk.ledger.add(f"sparse.curve_untouched_{model}_from", text, label=label, source=SOURCE)
