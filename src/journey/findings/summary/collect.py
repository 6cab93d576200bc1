"""Findings of the executive summary: the decisions of the chapters, side by side."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import USERS, Desk
from journey.report.ledger import Numbers

CHAPTERS = ("causal", "experiments", "funnel", "journeys")


def collect(desk: Desk) -> None:
    """Register what the summary adds, and save the table of decisions."""
    numbers = {name: Numbers(desk.paths.results / name / "numbers.json") for name in CHAPTERS}
    promised = numbers["causal"].causal.promised_doubly_robust.number
    assert isinstance(promised.value, float)
    assert promised.low is not None
    assert promised.high is not None
    saved = desk.ledger.add(
        "summary.coupons_saved",
        -promised.value,
        "eur",
        low=-promised.high,
        high=-promised.low,
        method=promised.method,
        n=promised.n,
        label="Margin saved by stopping the coupons, doubly robust estimate, 90 days",
        source="journey.findings.causal.collect:add_decision",
    )
    step = numbers["funnel"].funnel
    rollout = numbers["experiments"].experiments.rollout_value
    wrong = numbers["journeys"].journeys
    rows = [
        (
            "Stop the coupons as they are given today",
            saved.text,
            str(saved.interval),
            "doubly robust estimate on recorded history; a randomised coupon would settle it",
        ),
        (
            "Free shipping for everyone: not yet",
            str(rollout),
            str(rollout.ci),
            f"margin of the roll-out for {USERS:,} users, from a randomised experiment",
        ),
        (
            f"Repair {step.top_overall_step}, by experiment",
            str(step.top_overall_value),
            str(step.top_overall_value.ci),
            f"if {step.recoverable_share} of the losses are won back, an assumption",
        ),
        (
            "Hold a channel out before moving its budget",
            str(wrong.wrong_money_last_touch),
            str(wrong.wrong_money_last_touch.ci),
            f"of {wrong.budget}, what last touch would misplace",
        ),
    ]
    desk.save("decisions", pd.DataFrame(rows, columns=["decision", "value", "interval", "basis"]))
