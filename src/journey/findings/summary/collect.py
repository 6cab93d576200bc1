"""Findings of the executive summary: what a coupon seems to do and does, in counts, and the decisions."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk
from journey.report.ledger import Chapter, Numbers
from journey.report.results import load_table

SOURCE = "journey.findings.summary.collect"
CHAPTERS = ("causal", "decisions")
#: Decisions of chapter 12 that the first page shows, and what each is called there.
SHOWN = {
    "stop": "Stop the coupons as they are given today",
    "repair": "Repair the step {step}",
    "ship": "Free shipping for everyone",
}
PER = 1000


def collect(desk: Desk) -> None:
    """Register what the summary adds, and save the table of decisions."""
    numbers = {name: Numbers(desk.paths.results / name / "numbers.json") for name in CHAPTERS}
    causal = numbers["causal"].causal
    add_saved(desk, causal)
    add_counts(desk, causal)
    ranked = load_table(desk.paths, "decisions/ranked").set_index("key")
    step = Numbers(desk.paths.results / "funnel" / "numbers.json").funnel.top_overall_step
    rows = [
        {
            "decision": name.format(step=step),
            "verdict": ranked.loc[key, "verdict"],
            "worth": ranked.loc[key, "worth"],
            "assumed": ranked.loc[key, "assumed"],
        }
        for key, name in SHOWN.items()
    ]
    desk.save("decisions", pd.DataFrame(rows))


def add_saved(desk: Desk, causal: Chapter) -> None:
    """What stopping the coupons saves by the estimate, assumptions held fixed."""
    promised = causal.promised_doubly_robust
    desk.ledger.add(
        "summary.coupons_saved",
        -promised.value,
        "eur",
        low=-promised.high,
        high=-promised.low,
        method=promised.number.method,
        n=promised.number.n,
        label="Margin saved by stopping the coupons, doubly robust estimate, 90 days",
        source="journey.findings.causal.collect:add_decision",
    )


def add_counts(desk: Desk, causal: Chapter) -> None:
    """Purchases that a coupon adds in a thousand visits: as it seems, as estimated, and as it is."""
    for name, number, label in (
        ("coupon_seems", causal.naive, "as the plain comparison has it"),
        ("coupon_found", causal.doubly_robust, "as estimated from the shop's records"),
        ("coupon_is", causal.truth, "in truth"),
    ):
        bounded = number.number.low is not None
        desk.ledger.add(
            f"summary.{name}",
            PER * number.value,
            "count",
            low=PER * number.low if bounded else None,
            high=PER * number.high if bounded else None,
            method=number.number.method,
            n=number.number.n,
            label=f"Purchases that a coupon adds in {PER:,} visits, {label}",
            source=f"{SOURCE}:add_counts",
        )
    desk.ledger.add(
        "summary.coupon_ratio",
        causal.rate_with.value / causal.rate_without.value,
        "ratio",
        digits=1,
        n=causal.promised_doubly_robust.number.n,
        label="Share of visits with a coupon that buy, over the share of those without",
        source=f"{SOURCE}:add_counts",
    )
    desk.ledger.add(
        "summary.bought_anyway",
        1 - causal.truth.value / causal.rate_with.value,
        "share",
        digits=0,
        label="Buyers with a coupon who would have bought without it, in truth",
        source=f"{SOURCE}:add_counts",
    )
