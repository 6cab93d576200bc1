"""Findings of chapter 10: where the bias of the doubly robust estimate comes from, by committed evidence."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk
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
    shops = int(results["shops"])
    rungs = pd.DataFrame(results["rungs"]).set_index("rung").loc[list(RUNGS)]
    steps = pd.DataFrame(results["steps"]).set_index("rung")
    desk.save("bias_evidence", pd.DataFrame({"note": [found.label]}))
    desk.save(
        "bias",
        pd.DataFrame(
            {
                "adjusted_for": [WORDS[name] for name in rungs.index],
                "bias": rungs["bias"].to_numpy(),
                "low": rungs["bias_low"].to_numpy(),
                "high": rungs["bias_high"].to_numpy(),
                "intervals_with_truth": rungs["holds_truth"].to_numpy(),
            }
        ),
    )
    for name, row in rungs.iterrows():
        add_mean(desk, f"bias_{name}", row, "bias", shops, f"Bias, adjusted for: {WORDS[str(name)]}")
    for name in ("rule", "hidden"):
        desk.ledger.add(
            f"causal.bias_holds_{name}",
            int(rungs.loc[name, "holds_truth"]),
            "count",
            n=shops,
            dataset=DATASET,
            label=f"Intervals that hold the truth: {WORDS[name]}",
            source=SOURCE,
        )
    step, label = steps.loc["hidden"], f"Bias taken off: {WORDS['hidden']}"
    add_mean(desk, "bias_step_hidden", step, "step", shops, label)
    add_scope(desk, results)
    desk.ledger.add(
        "causal.bias_recorded_share",
        float(1 - rungs["bias"]["rule"] / rungs["bias"]["nothing"]),
        "share",
        digits=0,
        n=shops,
        dataset=DATASET,
        label="Part of the plain comparison's bias that adjusting for records removes",
        source=SOURCE,
    )


def add_mean(desk: Desk, name: str, row: pd.Series, key: str, shops: int, label: str) -> None:
    """Register a mean over shops with its interval."""
    desk.ledger.add(
        f"causal.{name}",
        row[key],
        "points",
        low=row[f"{key}_low"],
        high=row[f"{key}_high"],
        method=METHOD,
        n=shops,
        dataset=DATASET,
        label=label,
        source=SOURCE,
    )


def add_scope(desk: Desk, results: dict[str, float]) -> None:
    """Register how many shops there are, and for how many sessions the rule of the coupons comes back."""
    for name in ("shops", "users"):
        desk.ledger.add(
            f"causal.bias_{name}",
            int(results[name]),
            "count",
            dataset=DATASET,
            label=f"Number of {name} behind the ladder" if name == "shops" else "Users of each such shop",
            source=SOURCE,
        )
    desk.ledger.add(
        "causal.rule_recovered",
        results["rule_recovered"],
        "share",
        digits=1,
        n=int(results["sessions"]),
        dataset=DATASET,
        label="Sessions whose coupon chance records and the hidden part give",
        source="journey.studies.coupon_bias:rule_recovered",
    )
