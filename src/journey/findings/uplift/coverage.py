"""Findings of chapter 11 on its own intervals: how often they hold the truth, by committed simulations."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows, flat
from journey.inference.intervals import wilson_estimate
from journey.studies.registry import kept

SOURCE = "journey.studies.uplift_coverage:uplift_coverage"
#: measure -> its name on the page, in the order of the table
NAMES = {
    "qini": "Qini",
    "auuc": "Area under the uplift curve",
    "top": "Uplift, top 30%",
    "slope": "Slope, observed on predicted",
    "ranking": "Profit of the ranking",
    "roi": "Return of the ranking",
    "likeliest": "Profit of the likeliest buyers",
    "difference": "Ranking minus likeliest buyers",
    "everybody": "Profit of treating everybody",
}
SHORT = {"cross-fitted": "cross", "sequential": "sequential"}


def collect(desk: Desk) -> None:
    """Register coverage by method and measure, and save the table."""
    found = kept("uplift_coverage", desk.paths)
    result = found.results
    repeats = result["repeats"]
    numbers: list[Row] = []
    rows: dict[str, dict[str, Any]] = {name: {"measure": label} for name, label in NAMES.items()}
    for each in result["drawn"]:
        short, measure = SHORT[each["method"]], each["measure"]
        share = wilson_estimate(each["covered"], repeats)
        rows[measure] |= flat({short: share}) | {f"{short}_factor": each["spread"] / each["stated"]}
        if measure == "qini":
            label = f"Intervals that hold the truth: {NAMES[measure]}, {each['method']}"
            numbers.append((f"covered_{short}_qini", share, "share", label, {"digits": 0}))
    desk.save("coverage", pd.DataFrame([rows[name] for name in NAMES]))
    desk.save("coverage_evidence", pd.DataFrame({"note": [found.label]}))
    for name, label in (
        ("repeats", "Experiments drawn"),
        ("users", "Users of each drawn experiment"),
        ("shops", "Experiments of that size in the large shop"),
    ):
        numbers.append((f"coverage_{name}", result[name], "count", label))
    for each in result["happened"]:
        if each["measure"] == "qini":
            name = f"happened_{SHORT[each['method']]}_qini"
            label = f"Shops whose interval holds the truth: {NAMES['qini']}, {each['method']}"
            numbers.append((name, each["covered"], "count", label, {"n": result["shops"]}))
    add_rows(desk, numbers, source=SOURCE)
