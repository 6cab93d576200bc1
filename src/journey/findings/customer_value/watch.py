"""Findings of chapter 08: the model of leaving, watched week by week on Online Retail."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.inference.estimate import Estimate
from journey.inference.intervals import wilson_interval


def add_watch(desk: Desk, watch: dict[str, Any]) -> None:
    """What rang, when, how far leavers outran the predictions, and the level without a calendar."""
    table = pd.DataFrame(watch["table"])
    desk.save("watch", table)
    add = desk.ledger.add
    common: dict[str, Any] = {
        "dataset": "online_retail",
        "source": "journey.studies.customer_value.watch:watch_leaving",
    }
    add(
        "customer_value.watch_from",
        f"{pd.Timestamp(watch['frozen_on']):%-d %B %Y}",
        label="First day of the watch of leaving",
        **common,
    )
    add("customer_value.watch_looks", watch["looks"], "count", label="Weeks that are watched", **common)
    names = [name.replace("_", " ") for name in watch["variables"]]
    add("customer_value.watch_variables", ", ".join(names), label="Variables that are watched", **common)
    score = table[table["variable"] == "score"]
    add(
        "customer_value.watch_score_first",
        float(score["psi"].iloc[0]),
        "ratio",
        digits=2,
        label="Index of the score, first week",
        **common,
    )
    add(
        "customer_value.watch_score_last",
        float(score["psi"].iloc[-1]),
        "ratio",
        digits=2,
        label="Index of the score, last week",
        **common,
    )
    for name in ("orders_30", "money_30"):
        rang = table[(table["variable"] == name) & table["psi_rings"]]
        first = f"{pd.Timestamp(rang['ends'].iloc[0]):%-d %B}" if len(rang) else "never"
        add(
            f"customer_value.watch_{name}",
            first,
            label=f"Week in which {name.replace('_', ' ')} first rings",
            **common,
        )
    add(
        "customer_value.watch_score_rings",
        int(score["psi_rings"].sum()),
        "count",
        n=len(score),
        label="Weeks in which the score rings",
        **common,
    )
    quality = pd.DataFrame(watch["quality"])
    for name, row in (("first", quality.iloc[0]), ("last", quality.iloc[-1])):
        ratio = float(row["left"] / row["expected"])
        add(
            f"customer_value.watch_ratio_{name}",
            ratio,
            "ratio",
            digits=2,
            n=int(row["customers"]),
            label=f"Leavers over those expected, {name} week",
            **common,
        )
    rotated = watch["rotated"]
    low, high = wilson_interval([rotated["psi"]], [rotated["runs"]])
    add(
        "customer_value.watch_false",
        Estimate(rotated["psi"] / rotated["runs"], float(low[0]), float(high[0])),
        "share",
        digits=0,
        method="Wilson",
        n=rotated["runs"],
        label="Data sets without a calendar in which anything rings",
        **common,
    )
    add(
        "customer_value.watch_level",
        watch["level"],
        "share",
        digits=0,
        label="Accepted chance of a false alarm",
        **common,
    )
