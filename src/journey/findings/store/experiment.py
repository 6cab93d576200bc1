"""Experiments of the shop, where the import names a file of exposures: split first, then the difference."""

from __future__ import annotations

import pandas as pd

from journey.errors import JourneyError
from journey.experiments.proportions import two_proportions
from journey.experiments.sample_ratio import sample_ratio_test
from journey.experiments.statistics import Proportion
from journey.findings.store.desk import ShopDesk

SOURCE = "findings.store.experiment:collect"
ALPHA = 0.001
ARMS = ("control", "treatment")
BROKEN = "not as planned: do not read the result"
USERS = ["control_users", "treatment_users"]
COLUMNS = ["experiment", *USERS, "split_p", "split", "difference", "low", "high", "p"]


def collect(desk: ShopDesk) -> None:
    """Judge every experiment of the log by the users who buy after their first exposure."""
    users = desk.query("experiment_users")
    if users.empty:
        desk.absent(
            "experiments",
            "No experiment is in the log; record who saw which variant of what, and name the file under"
            " [exposures] in the map.",
        )
        return
    rows = []
    for name, part in users.groupby("experiment"):
        arms = {
            arm: Proportion(len(group), int(group["converted"].sum()))
            for arm, group in part.groupby("variant")
        }
        if set(arms) == {*ARMS}:
            rows.append({"experiment": str(name)} | judged(*(arms[arm] for arm in ARMS)))
    desk.save("experiments", pd.DataFrame(rows, columns=COLUMNS))
    desk.add("experiments", float(len(rows)), "count", "Experiments of two arms in the log", SOURCE)
    mismatched = sum(row["split"] == BROKEN for row in rows)
    label = f"Of them, those whose split has p below {ALPHA}"
    desk.add("mismatched", float(mismatched), "count", label, SOURCE, n=len(rows))


def judged(control: Proportion, treatment: Proportion) -> dict[str, object]:
    """One experiment: its split and, where that is as planned, the difference of its arms."""
    split = sample_ratio_test([float(control.n), float(treatment.n)], alpha=ALPHA)
    row: dict[str, object] = {
        **dict(zip(USERS, (int(control.n), int(treatment.n)), strict=True)),
        "split_p": split.p_value,
        "split": BROKEN if split.mismatch else "as an even split would be",
    }
    if split.mismatch:
        return row
    try:
        effect = two_proportions(control, treatment)
    except JourneyError:
        return row
    found = {"difference": effect.estimate, "low": effect.low, "high": effect.high, "p": effect.p_value}
    return row | {name: float(value) for name, value in found.items()}
