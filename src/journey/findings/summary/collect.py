"""Findings of the executive summary: what a coupon seems to do and does, in counts, and the decisions."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate, scaled
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
    behind = {"n": promised.number.n, "method": promised.number.method}
    saved = Estimate(-promised.value, -promised.high, -promised.low)
    label = "Margin saved by stopping the coupons, doubly robust estimate, 90 days"
    row = ("coupons_saved", saved, "eur", label)
    add_rows(desk, [row], **behind, source="journey.findings.causal.collect:add_decision")


def add_counts(desk: Desk, causal: Chapter) -> None:
    """Purchases that a coupon adds in a thousand visits: as it seems, as estimated, and as it is."""
    rows: list[Row] = []
    for name, number, words in (
        ("coupon_seems", causal.naive, "as the plain comparison has it"),
        ("coupon_found", causal.doubly_robust, "as estimated from the shop's records"),
        ("coupon_is", causal.truth, "in truth"),
    ):
        behind = {"method": number.number.method, "n": number.number.n}
        value: float | Estimate = PER * number.value
        if number.number.low is not None:
            value = scaled(Estimate(number.value, number.low, number.high), PER)
        label = f"Purchases that a coupon adds in {PER:,} visits, {words}"
        rows.append((name, value, "count", label, behind))
    ratio = causal.rate_with.value / causal.rate_without.value
    anyway = 1 - causal.truth.value / causal.rate_with.value
    over = "Share of visits with a coupon that buy, over the share of those without"
    without = "Buyers with a coupon who would have bought without it, in truth"
    n = causal.promised_doubly_robust.number.n
    rows += [
        ("coupon_ratio", ratio, "ratio", over, {"digits": 1, "n": n}),
        ("bought_anyway", anyway, "share", without, {"digits": 0}),
    ]
    add_rows(desk, rows, source=f"{SOURCE}:add_counts")
