"""Findings of chapter 08: the model of leaving, watched week by week on Online Retail."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.customer_value.entries import adder
from journey.findings.desk import Desk
from journey.inference.intervals import wilson_estimate

SOURCE, DATASET = "journey.studies.customer_value.watch:watch_leaving", "online_retail"


def add_watch(desk: Desk, watch: dict[str, Any]) -> None:
    """What rang, when, how far leavers outran the predictions, and the level without a calendar."""
    table, quality = pd.DataFrame(watch["table"]), pd.DataFrame(watch["quality"])
    add = adder(desk, SOURCE, DATASET, "Wilson")
    frozen = f"{pd.Timestamp(watch['frozen_on']):%-d %B %Y}"
    add("watch_from", frozen, "text", "First day of the watch of leaving")
    add("watch_looks", watch["looks"], "count", "Weeks that are watched")
    names = ", ".join(name.replace("_", " ") for name in watch["variables"])
    add("watch_variables", names, "text", "Variables that are watched")
    score = table[table["variable"] == "score"]
    add("watch_score_first", float(score["psi"].iloc[0]), "ratio", "Index of the score, first week")
    add("watch_score_last", float(score["psi"].iloc[-1]), "ratio", "Index of the score, last week")
    rings = int(score["psi_rings"].sum())
    add("watch_score_rings", rings, "count", "Weeks in which the score rings", len(score))
    rang = table[(table["variable"] == "orders_30") & table["psi_rings"]]
    first = f"in the week to {pd.Timestamp(rang['ends'].iloc[0]):%-d %B}" if len(rang) else "never"
    add("watch_orders", first, "text", "When orders of the last 30 days first ring")
    for name, row in (("first", quality.iloc[0]), ("last", quality.iloc[-1])):
        ratio, n = float(row["left"] / row["expected"]), int(row["customers"])
        add(f"watch_ratio_{name}", ratio, "ratio", f"Leavers over those expected, {name} week", n)
    rotated = watch["rotated"]
    false = wilson_estimate(rotated["psi"], rotated["runs"])
    add("watch_false", false, "share", "Data sets without a calendar in which anything rings")
    add("watch_level", watch["alpha"], "share", "Accepted chance of a false alarm")
