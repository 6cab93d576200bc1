"""Findings of chapter 04: who the customers are, whether that is real, and what it is good for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey.customers.choice import STABLE, Choice, choose_number
from journey.customers.profiles import name_segments
from journey.customers.segments import Behaviour, Segmentation, k_means, standardise
from journey.errors import JourneyError
from journey.findings.desk import Desk
from journey.findings.segments.behaviour import FEATURES, WORDS, described
from journey.findings.segments.field import add_field
from journey.findings.segments.truth import add_truth
from journey.inference.intervals import wilson_interval
from journey.metrics.bootstrap import BootstrapTotals, bootstrap_totals
from journey.warehouse.query import query

SOURCE = "journey.findings.segments.collect"
QUERY = "visitor_behaviour"
#: visits from which behaviour is more than chance; chosen before anything was compared with the truth
LEAST_VISITS = 3
LARGEST, REFERENCES, RESAMPLES, SEED = 7, 8, 10, 4
REPLICATES = 500
FEW = f"fewer than {LEAST_VISITS} visits"


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables.

    Raises
    ------
    JourneyError
        When no more than `LARGEST` visitors came `LEAST_VISITS` times or more.
    """
    with threadpool_limits(limits=1):
        visitors = query(QUERY, desk.warehouse)
        known = visitors[visitors["visits"] >= LEAST_VISITS].reset_index(drop=True)
        if len(known) <= LARGEST:
            raise JourneyError(
                f"store {desk.store}: {len(known)} of {len(visitors):,} visitors came {LEAST_VISITS} times or"
                " more in the first two thirds of the days; segments need a longer log"
            )
        behaviour = standardise(described(known), list(FEATURES))
        found = choose_number(
            behaviour.points, largest=LARGEST, references=REFERENCES, resamples=RESAMPLES, seed=SEED
        )
        number = add_choice(desk, found, len(known))
        segments = k_means(behaviour.points, number, seed=SEED)
        names = add_profiles(desk, behaviour, segments, len(visitors))
        add_conversion(desk, visitors, known, segments, names)
        add_rule(desk, known, segments, names)
        if desk.store == "simulated":
            add_truth(desk, visitors, known, behaviour, segments, names)
    add_field(desk)


def add_choice(desk: Desk, found: Choice, customers: int) -> int:
    """What each criterion says of the number of segments; gives the number used."""
    desk.save(
        "choice",
        pd.DataFrame(
            {
                "k": found.k,
                "silhouette": found.silhouette,
                "gap": found.gap.gap,
                "gap_error": found.gap.error,
                "stability": found.stability,
                "stability_low": found.stability_low,
                "stability_high": found.stability_high,
            }
        ),
    )
    number = found.chosen if found.chosen > 1 else found.by_silhouette
    best = found.silhouette[number - 1]
    common: dict[str, Any] = {"source": "journey.customers.choice:choose_number", "query": QUERY}
    for name, value, label in (
        ("k_silhouette", found.by_silhouette, "Segments by the largest silhouette"),
        ("k_gap", found.by_gap, "Segments by the 2001 rule of the gap statistic"),
        ("k_stability", found.by_stability, f"Most segments with a stability of {STABLE} or more"),
        ("k", number, "Segments used: best silhouette among the stable numbers"),
    ):
        desk.ledger.add(f"segments.{name}", value, "count", n=customers, label=label, **common)
    label = "Mean silhouette of the segments used"
    desk.ledger.add("segments.silhouette", best, "ratio", digits=2, n=customers, label=label, **common)
    label = "Mean adjusted Rand index between resamples, segments used"
    value = found.stability[number - 1]
    desk.ledger.add("segments.stability", value, "ratio", digits=2, n=customers, label=label, **common)
    desk.ledger.add("segments.stable", STABLE, "ratio", digits=1, label="Stable from here on", **common)
    return number


def add_profiles(desk: Desk, behaviour: Behaviour, segments: Segmentation, visitors: int) -> tuple[str, ...]:
    """Names and traits of the segments; gives the names, in the order of the labels."""
    names = name_segments(segments.centres, behaviour.names, WORDS)
    names = tuple(name[:1].upper() + name[1:] for name in names)
    traits = pd.DataFrame(segments.centres, columns=list(behaviour.names))
    traits = traits.rename(columns=FEATURES).assign(segment=names)
    desk.save("traits", traits.melt("segment", var_name="behaviour", value_name="deviations"))
    total = int(segments.sizes.sum())
    common: dict[str, Any] = {"source": f"{SOURCE}:add_profiles", "query": QUERY}
    label = "Visitors in the first two thirds of the days"
    desk.ledger.add("segments.visitors", visitors, "count", label=label, **common)
    label = f"Visitors with {LEAST_VISITS} visits or more in the first two thirds"
    desk.ledger.add("segments.known", total, "count", n=visitors, label=label, **common)
    label = "Visitors with enough visits to be segmented"
    desk.ledger.add("segments.known_share", total / visitors, "share", n=visitors, label=label, **common)
    label = "Visits that a visitor must have made to be segmented"
    desk.ledger.add("segments.least_visits", LEAST_VISITS, "count", label=label, **common)
    label = "Columns that describe behaviour"
    desk.ledger.add("segments.features", len(behaviour.names), "count", label=label, **common)
    return names


def add_conversion(
    desk: Desk, visitors: pd.DataFrame, known: pd.DataFrame, segments: Segmentation, names: tuple[str, ...]
) -> None:
    """What each segment, formed before the cut, does after it."""
    margin = desk.assumptions["shop.gross_margin"]
    groups = {name: known[segments.labels == place] for place, name in enumerate(names)}
    groups[FEW.capitalize()] = visitors[visitors["visits"] < LEAST_VISITS]
    earned = float(visitors["later_revenue"].sum())
    rows = []
    for name, group in groups.items():
        if group.empty:
            continue
        after = totals_after(group)
        bought = int(after.totals["buyers"][0])
        low, high = wilson_interval(bought, len(group))
        worth = after.estimate(lambda totals: margin * totals["revenue"] / totals["visitors"])
        converts = after.ratio("purchases", "visits") if after.totals["visits"][0] else None
        rows.append(
            {
                "segment": name,
                "visitors": len(group),
                "share": len(group) / len(visitors),
                "back": float((group["later_visits"] > 0).mean()),
                "bought": bought / len(group),
                "bought_low": float(low),
                "bought_high": float(high),
                "converts": converts.value if converts else np.nan,
                "converts_low": converts.low if converts else np.nan,
                "converts_high": converts.high if converts else np.nan,
                "worth": worth.value,
                "worth_low": worth.low,
                "worth_high": worth.high,
                "revenue_share": group["later_revenue"].sum() / earned if earned else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    desk.save("conversion", table)
    mine = table.iloc[: len(names)].sort_values("bought", kind="stable")
    for which, row in (("least", mine.iloc[0]), ("most", mine.iloc[-1]), ("few", table.iloc[-1])):
        add_segment(desk, which, row)


def add_segment(desk: Desk, which: str, row: pd.Series) -> None:
    """Register one segment's later behaviour."""
    common: dict[str, Any] = {"source": f"{SOURCE}:add_conversion", "query": QUERY, "n": row["visitors"]}
    words = {"least": "segment that buys least", "most": "segment that buys most", "few": FEW}[which]
    desk.ledger.add(f"segments.{which}_name", row["segment"], label=f"Name: {words}", **common)
    for name, unit, digits, method, label in (
        ("bought", "share", 1, "Wilson", "Visitors who buy in the last third"),
        ("converts", "share", 1, "percentile bootstrap over users", "Visits of the last third that buy"),
        ("worth", "eur", 2, "percentile bootstrap over users", "Gross margin a visitor in the last third"),
    ):
        if np.isnan(row[name]):
            continue
        desk.ledger.add(
            f"segments.{which}_{name}",
            row[name],
            unit,
            low=row[f"{name}_low"],
            high=row[f"{name}_high"],
            method=method,
            digits=digits,
            label=f"{label}: {words}",
            **common,
        )
    for name, label in (("share", "Share of visitors"), ("revenue_share", "Share of the later revenue")):
        if not np.isnan(row[name]):
            desk.ledger.add(
                f"segments.{which}_{name}", row[name], "share", label=f"{label}: {words}", **common
            )


def totals_after(group: pd.DataFrame) -> BootstrapTotals:
    """Totals of visitors after the cut, one visitor being one draw."""
    columns = {
        "visitors": np.ones(len(group)),
        "visits": group["later_visits"],
        "purchases": group["later_purchases"],
        "buyers": (group["later_purchases"] > 0).astype(float),
        "revenue": group["later_revenue"].astype(float),
    }
    return bootstrap_totals(columns, replicates=REPLICATES, seed=SEED)


def add_rule(desk: Desk, known: pd.DataFrame, segments: Segmentation, names: tuple[str, ...]) -> None:
    """The segment that spent most before against as many visitors by a plain rule: who spends after?"""
    spent = known["revenue"].astype(float)
    before = [float(spent[segments.labels == place].mean()) for place in range(segments.k)]
    best = int(np.argmax(before))
    inside = segments.labels == best
    order = known.assign(spent=spent).sort_values(
        ["spent", "visits", "user_id"], ascending=[False, False, True], kind="stable"
    )
    chosen = np.zeros(len(known), dtype=np.bool_)
    chosen[order.index[: int(inside.sum())]] = True
    later = known["later_revenue"].astype(float).to_numpy()
    drawn = bootstrap_totals(
        {"segment": later * inside, "rule": later * chosen, "all": later, "visitors": np.ones(len(later))},
        replicates=REPLICATES,
        seed=SEED,
    )
    margin = desk.assumptions["shop.gross_margin"]
    n, source = len(known), f"{SOURCE}:add_rule"
    common: dict[str, Any] = {"source": source, "query": QUERY, "n": n}
    label = "Segment that spent most a visitor before the cut"
    desk.ledger.add("segments.best_name", names[best], label=label, **common)
    size, label = int(inside.sum()), "Visitors in the segment that spent most"
    desk.ledger.add("segments.best_size", size, "count", label=label, **common)
    method = "percentile bootstrap over users"
    for name, words in (("segment", "that segment"), ("rule", "as many who spent most before")):
        share = drawn.ratio(name, "all")
        label = f"Later revenue of segmented visitors from {words}"
        desk.ledger.add(f"segments.{name}_captures", share, "share", method=method, label=label, **common)
    gain = drawn.estimate(lambda totals: margin * (totals["rule"] - totals["segment"]))
    label = "Gross margin in the last third: as many who spent most before, over the segment"
    desk.ledger.add("segments.rule_over_segment", gain, "eur", method=method, label=label, **common)
