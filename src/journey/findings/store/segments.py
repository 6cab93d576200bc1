"""Who the visitors are: segments of behaviour with their stability, and what each does later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey.customers.choice import choose_number
from journey.customers.profiles import name_segments
from journey.customers.segments import Segmentation, k_means, standardise
from journey.findings.segments.behaviour import FEATURES, WORDS, described
from journey.findings.segments.collect import totals_after
from journey.findings.store.desk import ShopDesk
from journey.inference.intervals import wilson_interval

SOURCE = "findings.store.segments:collect"
QUERY = "visitor_behaviour"
LEAST_VISITS, LEAST_VISITORS, MOST_VISITORS = 3, 150, 20_000
LARGEST, REFERENCES, RESAMPLES, SEED = 6, 6, 8, 4
#: what a store must record, so that a column of behaviour says something
NEEDS = {
    "coupon_share": "events.discount_pct",
    "mobile_share": "events.device",
    "price_level": "events.unit_price",
}


def collect(desk: ShopDesk) -> None:
    """Register the numbers of the segments and save their tables."""
    visitors = desk.query(QUERY)
    known = visitors[visitors["visits"] >= LEAST_VISITS].reset_index(drop=True)
    desk.add(
        "visitors",
        float(len(visitors)),
        "count",
        "Visitors in the first two thirds of the days",
        SOURCE,
        asked=QUERY,
    )
    desk.add(
        "known",
        float(len(known)),
        "count",
        f"Of them, those with {LEAST_VISITS} visits or more",
        SOURCE,
        n=len(visitors),
        asked=QUERY,
    )
    desk.add(
        "least_visits",
        float(LEAST_VISITS),
        "count",
        "Visits that a visitor must have made to be put in a segment",
        SOURCE,
    )
    if len(known) < LEAST_VISITORS:
        desk.absent(
            "segments",
            f"Segments need {LEAST_VISITORS} visitors with {LEAST_VISITS} visits or more in the first two"
            f" thirds of the days; the log has {len(known):,} of {len(visitors):,}.",
        )
        return
    with threadpool_limits(limits=1):
        desk.attempt("segments", lambda: add_segments(desk, known))


def add_segments(desk: ShopDesk, known: pd.DataFrame) -> None:
    """Choose the number of segments, name them, and follow them into the last third of the days."""
    if len(known) > MOST_VISITORS:
        known = known.sample(MOST_VISITORS, random_state=SEED).sort_index().reset_index(drop=True)
        desk.add(
            "sampled",
            float(len(known)),
            "count",
            "Visitors drawn at random, on whom the segments rest",
            SOURCE,
        )
    names, points = behaviour(desk, known)
    found = choose_number(points, largest=LARGEST, references=REFERENCES, resamples=RESAMPLES, seed=SEED)
    number = found.chosen if found.chosen > 1 else found.by_silhouette
    segments = k_means(points, number, seed=SEED)
    titles = [name[:1].upper() + name[1:] for name in name_segments(segments.centres, names, WORDS)]
    source = "customers.choice:choose_number"
    desk.add(
        "k",
        float(number),
        "count",
        "Segments used: best silhouette among the stable numbers",
        source,
        n=len(known),
    )
    desk.add(
        "stability",
        float(found.stability[number - 1]),
        "ratio",
        "Mean adjusted Rand index between resamples",
        source,
        n=len(known),
        digits=2,
    )
    desk.add(
        "silhouette",
        float(found.silhouette[number - 1]),
        "ratio",
        "Mean silhouette",
        source,
        n=len(known),
        digits=2,
    )
    desk.add(
        "chosen_stable",
        "yes" if found.chosen > 1 else "no",
        "text",
        "Whether a number of segments above one is stable",
        source,
    )
    traits = (
        pd.DataFrame(segments.centres, columns=list(names)).rename(columns=FEATURES).assign(segment=titles)
    )
    desk.save("traits", traits.melt("segment", var_name="behaviour", value_name="deviations"))
    add_later(desk, known, segments, titles)


def behaviour(desk: ShopDesk, known: pd.DataFrame) -> tuple[tuple[str, ...], Any]:
    """The columns of behaviour that this log records and that vary, and each visitor's place in them."""
    values = described(known)
    varies = [
        place
        for place, name in enumerate(FEATURES)
        if not (name in NEEDS and desk.lacks(NEEDS[name])) and np.ptp(values[:, place]) > 0
    ]
    names = [name for place, name in enumerate(FEATURES) if place in varies]
    left_out = ", ".join(FEATURES[name].lower() for name in FEATURES if name not in names)
    if left_out:
        desk.add("left_out", left_out, "text", "Behaviour that this log does not show", SOURCE)
    desk.add("behaviours", float(len(names)), "count", "Columns of behaviour", SOURCE)
    made = standardise(values[:, varies], names)
    return tuple(names), made.points


def add_later(desk: ShopDesk, known: pd.DataFrame, segments: Segmentation, titles: list[str]) -> None:
    """What each segment, formed before the cut, does after it."""
    rows = []
    for place, title in enumerate(titles):
        group = known[segments.labels == place]
        bought = int((group["later_purchases"] > 0).sum())
        low, high = wilson_interval(bought, len(group))
        row = {
            "segment": title,
            "visitors": len(group),
            "share": len(group) / len(known),
            "back": float((group["later_visits"] > 0).mean()),
            "bought": bought / len(group),
            "bought_low": float(low),
            "bought_high": float(high),
        }
        if desk.recorded["has_revenue"] and group["later_revenue"].notna().all():
            worth = totals_after(group).ratio("revenue", "visitors")
            row |= {"worth": worth.value, "worth_low": worth.low, "worth_high": worth.high}
        rows.append(row)
    table = pd.DataFrame(rows)
    desk.save("later", table)
    for which, row in (
        ("most", table.loc[table["bought"].idxmax()]),
        ("least", table.loc[table["bought"].idxmin()]),
    ):
        desk.add(
            f"{which}_name",
            str(row["segment"]),
            "text",
            f"Segment that buys {which} in the last third",
            SOURCE,
        )
        desk.add(
            f"{which}_bought",
            float(row["bought"]),
            "share",
            f"Visitors of the segment that buys {which} who buy in the last third",
            SOURCE,
            low=float(row["bought_low"]),
            high=float(row["bought_high"]),
            method="Wilson",
            n=int(row["visitors"]),
            asked=QUERY,
        )
