"""Findings of chapter 10: where the bias of the doubly robust estimate comes from, by committed evidence."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate
from journey.studies.coupon_bias import RUNGS
from journey.studies.registry import kept

SOURCE = "journey.studies.coupon_bias:coupon_bias"
DATASET = "simulated, many shops"
METHOD = "Student over shops"
#: rung -> what is adjusted for, in words
WORDS = {
    "nothing": "nothing (plain comparison)",
    "visit": "+ who came, how and when",
    "history": "+ earlier visits and orders",
    "carts": "+ carts not bought at once",
    "rule": "+ rest of the coupon rule (used here)",
    "hidden": "+ what nobody records",
    "chance": "true chance of a coupon, no model",
}


def add_bias(desk: Desk) -> None:
    """Register the bias at every rung of the ladder and what each step takes off it."""
    found = kept("coupon_bias", desk.paths)
    results = found.results
    rungs = pd.DataFrame(results["rungs"]).set_index("rung").loc[list(RUNGS)]
    steps = pd.DataFrame(results["steps"]).set_index("rung")
    desk.save("bias_evidence", pd.DataFrame({"note": [found.label]}))
    columns = {"bias": "bias", "bias_low": "low", "bias_high": "high", "holds_truth": "intervals_with_truth"}
    table = rungs[list(columns)].rename(columns=columns).reset_index(drop=True)
    table.insert(0, "adjusted_for", [WORDS[name] for name in rungs.index])
    desk.save("bias", table)
    removed = 1 - rungs["bias"]["rule"] / rungs["bias"]["nothing"]
    label = "Part of the plain comparison's bias that adjusting for records removes"
    rows: list[Row] = [
        mean("step_hidden", steps.loc["hidden"], "step", f"Bias taken off: {WORDS['hidden']}"),
        ("bias_recorded_share", removed, "share", label, {"digits": 0}),
    ]
    for name, row in rungs.iterrows():
        rows.append(mean(str(name), row, "bias", f"Bias, adjusted for: {WORDS[str(name)]}"))
    for name in ("rule", "hidden"):
        held, label = rungs["holds_truth"][name], f"Intervals that hold the truth: {WORDS[name]}"
        rows.append((f"bias_holds_{name}", held, "count", label))
    add_rows(desk, rows, n=results["shops"], dataset=DATASET, source=SOURCE)
    add_scope(desk, results)


def mean(name: str, row: pd.Series, key: str, label: str) -> Row:
    """A mean over shops with its interval, as a number."""
    found = Estimate(row[key], row[f"{key}_low"], row[f"{key}_high"], method=METHOD)
    return f"bias_{name}", found, "points", label


def add_scope(desk: Desk, results: dict[str, float]) -> None:
    """Register how many shops there are, and for how many sessions the rule of the coupons comes back."""
    rows = (
        ("bias_shops", results["shops"], "count", "Number of shops behind the ladder"),
        ("bias_users", results["users"], "count", "Users of each such shop"),
    )
    add_rows(desk, rows, dataset=DATASET, source=SOURCE)
    label, n = "Sessions whose coupon chance records and the hidden part give", {"n": results["sessions"]}
    recovered = ("rule_recovered", results["rule_recovered"], "share", label, n)
    source = "journey.studies.coupon_bias:rule_recovered"
    add_rows(desk, [recovered], digits=1, dataset=DATASET, source=source)
