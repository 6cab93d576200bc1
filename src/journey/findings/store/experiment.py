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
        if set(arms) != {*ARMS}:
            continue
        split = sample_ratio_test([float(arms[arm].n) for arm in ARMS], alpha=ALPHA)
        row = {
            "experiment": str(name),
            "control_users": int(arms["control"].n),
            "treatment_users": int(arms["treatment"].n),
            "split_p": split.p_value,
            "split": "not as planned: do not read the result"
            if split.mismatch
            else "as an even split would be",
        }
        if not split.mismatch:
            try:
                effect = two_proportions(arms["control"], arms["treatment"])
                row |= {
                    "difference": float(effect.estimate),
                    "low": float(effect.low),
                    "high": float(effect.high),
                    "p": float(effect.p_value),
                }
            except JourneyError:
                pass
        rows.append(row)
    desk.save(
        "experiments",
        pd.DataFrame(
            rows,
            columns=[
                "experiment",
                "control_users",
                "treatment_users",
                "split_p",
                "split",
                "difference",
                "low",
                "high",
                "p",
            ],
        ),
    )
    desk.add("experiments", float(len(rows)), "count", "Experiments of two arms in the log", SOURCE)
    desk.add(
        "mismatched",
        float(sum(str(row["split"]).startswith("not") for row in rows)),
        "count",
        f"Of them, those whose split has p below {ALPHA}",
        SOURCE,
        n=len(rows),
    )
