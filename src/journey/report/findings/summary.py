"""Findings of the executive summary: the decisions of the chapters, side by side."""

from __future__ import annotations

import pandas as pd

from journey.report.findings.desk import Desk
from journey.report.ledger import Numbers


def collect(desk: Desk) -> None:
    """Save the table of decisions from the numbers of the chapters it names."""
    funnel, journeys = (
        Numbers(desk.paths.results / name / "numbers.json") for name in ("funnel", "journeys")
    )
    step = funnel.funnel.top_overall_value
    wrong = journeys.journeys.wrong_money_last_touch
    desk.save(
        "decisions",
        pd.DataFrame(
            [
                {
                    "decision": f"Repair {funnel.funnel.top_overall_step}, by experiment",
                    "value": str(step),
                    "interval": str(step.ci),
                    "basis": f"gross margin, if {funnel.funnel.recoverable_share} of the losses are won back",
                },
                {
                    "decision": "Hold a channel out at random before moving budget",
                    "value": str(wrong),
                    "interval": str(wrong.ci),
                    "basis": f"budget of {journeys.journeys.budget} that last touch would misplace",
                },
                {
                    "decision": "Do not train on the named data set",
                    "value": "nothing",
                    "interval": "none",
                    "basis": "it holds no signal; no value is claimed",
                },
            ]
        ),
    )
