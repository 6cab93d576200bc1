"""Findings of chapter 04: who the customers are, whether that is real, and what it is good for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey.customers.choice import STABLE, Choice, choose_number
from journey.customers.profiles import name_segments
from journey.customers.segments import Behaviour, Segmentation, k_means, standardise
from journey.errors import JourneyError
from journey.findings.desk import Desk, Row, add_rows, flat
from journey.findings.segments.behaviour import FEATURES, WORDS, described
from journey.findings.segments.field import add_field
from journey.findings.segments.truth import add_truth
from journey.inference.differences import independent_difference
from journey.inference.estimate import Estimate
from journey.inference.intervals import wilson_estimate
from journey.metrics.bootstrap import BootstrapTotals, bootstrap_totals
from journey.warehouse.query import query

SOURCE = "journey.findings.segments.collect"
QUERY = "visitor_behaviour"
#: visits from which behaviour is more than chance; chosen before anything was compared with the truth
LEAST_VISITS = 3
LARGEST, REFERENCES, RESAMPLES, SEED = 7, 8, 10, 4
REPLICATES = 500
METHOD = "percentile bootstrap over users"
UNKNOWN = Estimate(np.nan, np.nan, np.nan)
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
    best, stability, digits = found.silhouette[number - 1], found.stability[number - 1], {"digits": 2}
    between = "Mean adjusted Rand index between resamples, segments used"
    most, stable = f"Most segments with a stability of {STABLE} or more", {"digits": 1, "n": None}
    rows: tuple[Row, ...] = (
        ("k_silhouette", found.by_silhouette, "count", "Segments by the largest silhouette"),
        ("k_gap", found.by_gap, "count", "Segments by the 2001 rule of the gap statistic"),
        ("k_stability", found.by_stability, "count", most),
        ("k", number, "count", "Segments used: best silhouette among the stable numbers"),
        ("silhouette", best, "ratio", "Mean silhouette of the segments used", digits),
        ("stability", stability, "ratio", between, digits),
        ("stable", STABLE, "ratio", "Stable from here on", stable),
    )
    add_rows(desk, rows, n=customers, source="journey.customers.choice:choose_number", query=QUERY)
    return number


def add_profiles(desk: Desk, behaviour: Behaviour, segments: Segmentation, visitors: int) -> tuple[str, ...]:
    """Names and traits of the segments; gives the names, in the order of the labels."""
    names = name_segments(segments.centres, behaviour.names, WORDS)
    names = tuple(name[:1].upper() + name[1:] for name in names)
    traits = pd.DataFrame(segments.centres, columns=list(behaviour.names))
    traits = traits.rename(columns=FEATURES).assign(segment=names)
    desk.save("traits", traits.melt("segment", var_name="behaviour", value_name="deviations"))
    total, of = int(segments.sizes.sum()), {"n": visitors}
    label = "Visits that a visitor must have made to be segmented"
    enough = f"Visitors with {LEAST_VISITS} visits or more in the first two thirds"
    rows: tuple[Row, ...] = (
        ("visitors", visitors, "count", "Visitors in the first two thirds of the days"),
        ("known", total, "count", enough, of),
        ("known_share", total / visitors, "share", "Visitors with enough visits to be segmented", of),
        ("least_visits", LEAST_VISITS, "count", label),
        ("features", len(behaviour.names), "count", "Columns that describe behaviour"),
    )
    add_rows(desk, rows, source=f"{SOURCE}:add_profiles", query=QUERY)
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
        estimates = {
            "bought": wilson_estimate(bought, len(group)),
            "converts": after.ratio("purchases", "visits") if after.totals["visits"][0] else UNKNOWN,
            "worth": after.estimate(lambda totals: margin * totals["revenue"] / totals["visitors"]),
        }
        row = {
            "segment": name,
            "visitors": len(group),
            "share": len(group) / len(visitors),
            "back": float((group["later_visits"] > 0).mean()),
        }
        revenue = group["later_revenue"].sum() / earned if earned else np.nan
        rows.append(row | flat(estimates) | {"revenue_share": revenue})
    table = pd.DataFrame(rows)
    desk.save("conversion", table)
    mine = table.iloc[: len(names)].sort_values("bought", kind="stable")
    for which, row in (("least", mine.iloc[0]), ("most", mine.iloc[-1]), ("few", table.iloc[-1])):
        add_segment(desk, which, row)
    add_most(desk, mine.iloc[-1], table.drop(mine.index[-1]))


def add_segment(desk: Desk, which: str, row: pd.Series) -> None:
    """Register one segment's later behaviour."""
    words = {"least": "segment that buys least", "most": "segment that buys most", "few": FEW}[which]
    rows: list[Row] = [(f"{which}_name", row["segment"], "text", f"Name: {words}")]
    for name, unit, own, label in (
        ("bought", "share", {"digits": 1, "method": "Wilson"}, "Visitors who buy in the last third"),
        ("converts", "share", {"digits": 1, "method": METHOD}, "Visits of the last third that buy"),
        ("worth", "eur", {"digits": 2, "method": METHOD}, "Gross margin a visitor in the last third"),
        ("share", "share", {}, "Share of visitors"),
        ("revenue_share", "share", {}, "Share of the later revenue"),
    ):
        if not np.isnan(row[name]):
            value = Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"]) if own else row[name]
            rows.append((f"{which}_{name}", value, unit, f"{label}: {words}", own))
    add_rows(desk, rows, n=row["visitors"], source=f"{SOURCE}:add_conversion", query=QUERY)


def add_most(desk: Desk, most: pd.Series, others: pd.DataFrame) -> None:
    """How much more often the segment that buys most does so than the next one, which has other visitors."""
    after = others.loc[others["bought"].idxmax()]
    one, other = ((row["bought"], row["bought_low"], row["bought_high"]) for row in (most, after))
    desk.ledger.add(
        "segments.most_over_next",
        Estimate(*independent_difference(one, other)),
        "points",
        source=f"{SOURCE}:add_most",
        label="Visitors who buy in the last third: segment that buys most less the next",
        query=QUERY,
        method="Newcombe",
        n=int(most["visitors"] + after["visitors"]),
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
    gain = drawn.estimate(lambda totals: margin * (totals["rule"] - totals["segment"]))
    captured, of = {name: drawn.ratio(name, "all") for name in ("segment", "rule")}, {"method": METHOD}
    most, later = "as many who spent most before", "Later revenue of segmented visitors from"
    rows: tuple[Row, ...] = (
        ("best_name", names[best], "text", "Segment that spent most a visitor before the cut"),
        ("best_size", int(inside.sum()), "count", "Visitors in the segment that spent most"),
        ("segment_captures", captured["segment"], "share", f"{later} that segment", of),
        ("rule_captures", captured["rule"], "share", f"{later} {most}", of),
        ("rule_over_segment", gain, "eur", f"Gross margin in the last third: {most}, over the segment", of),
    )
    add_rows(desk, rows, n=len(known), source=f"{SOURCE}:add_rule", query=QUERY)
