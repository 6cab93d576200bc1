"""Who the visitors are: segments of behaviour with their stability, and what each does later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey.customers.choice import choose_number
from journey.customers.profiles import name_segments
from journey.customers.segments import Segmentation, k_means, standardise
from journey.findings.desk import Row, flat
from journey.findings.segments.behaviour import FEATURES, WORDS, described
from journey.findings.segments.collect import totals_after
from journey.findings.store.desk import ShopDesk
from journey.inference.intervals import wilson_estimate

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
    n, asked, least = len(visitors), {"asked": QUERY}, f"those with {LEAST_VISITS} visits or more"
    label = "Visits that a visitor must have made to be put in a segment"
    rows: tuple[Row, ...] = (
        ("visitors", n, "count", "Visitors in the first two thirds of the days", asked),
        ("known", len(known), "count", f"Of them, {least}", {"n": n, **asked}),
        ("least_visits", LEAST_VISITS, "count", label),
    )
    desk.add_rows(rows, SOURCE)
    if len(known) < LEAST_VISITORS:
        desk.absent(
            "segments",
            f"Segments need {LEAST_VISITORS} visitors with {LEAST_VISITS} visits or more in the first two"
            f" thirds of the days; the log has {len(known):,} of {n:,}.",
        )
        return
    with threadpool_limits(limits=1):
        desk.attempt("segments", lambda: add_segments(desk, known))


def add_segments(desk: ShopDesk, known: pd.DataFrame) -> None:
    """Choose the number of segments, name them, and follow them into the last third of the days."""
    if len(known) > MOST_VISITORS:
        known = known.sample(MOST_VISITORS, random_state=SEED).sort_index().reset_index(drop=True)
        label = "Visitors drawn at random, on whom the segments rest"
        desk.add("sampled", len(known), "count", label, SOURCE)
    names, points = behaviour(desk, known)
    found = choose_number(points, largest=LARGEST, references=REFERENCES, resamples=RESAMPLES, seed=SEED)
    number = found.chosen if found.chosen > 1 else found.by_silhouette
    segments = k_means(points, number, seed=SEED)
    titles = [name[:1].upper() + name[1:] for name in name_segments(segments.centres, names, WORDS)]
    n, stable = {"n": len(known)}, "yes" if found.chosen > 1 else "no"
    stability, silhouette = found.stability[number - 1], found.silhouette[number - 1]
    rows: tuple[Row, ...] = (
        ("k", number, "count", "Segments used: best silhouette among the stable numbers", n),
        ("stability", stability, "ratio", "Mean adjusted Rand index between resamples", n | {"digits": 2}),
        ("silhouette", silhouette, "ratio", "Mean silhouette", n | {"digits": 2}),
        ("chosen_stable", stable, "text", "Whether a number of segments above one is stable"),
    )
    desk.add_rows(rows, "customers.choice:choose_number")
    traits = pd.DataFrame(segments.centres, columns=list(names)).rename(columns=FEATURES)
    traits = traits.assign(segment=titles)
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
    rows, shares = [], []
    for place, title in enumerate(titles):
        group = known[segments.labels == place]
        found = {"bought": wilson_estimate(int((group["later_purchases"] > 0).sum()), len(group))}
        shares.append((title, found["bought"]))
        if desk.recorded["has_revenue"] and group["later_revenue"].notna().all():
            found["worth"] = totals_after(group).ratio("revenue", "visitors")
        row = {
            "segment": title,
            "visitors": len(group),
            "share": len(group) / len(known),
            "back": float((group["later_visits"] > 0).mean()),
        }
        rows.append(row | flat(found))
    desk.save("later", pd.DataFrame(rows))
    for which, pick in (("most", max), ("least", min)):
        title, share = pick(shares, key=lambda each: each[1].value)
        desk.add(f"{which}_name", title, "text", f"Segment that buys {which} in the last third", SOURCE)
        label = f"Visitors of the segment that buys {which} who buy in the last third"
        desk.add(f"{which}_bought", share, "share", label, SOURCE, asked=QUERY)
