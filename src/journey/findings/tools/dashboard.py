"""The dashboard's cube: sessions by week, device, channel and country, and what the model said of them.

The page adds up cells; `assets/tools/dashboard.js` and `totals` do it in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.report.ledger import Numbers
from journey.warehouse.query import query

DIMENSIONS = ("week", "device", "channel", "country")
STEPS = ("sessions", "view_sessions", "cart_sessions", "checkout_sessions", "conversions")
#: A step whose losses may be won back, and the one before it, as chapter 02 has them.
DROPS = (("sessions", STEPS[2]), (STEPS[2], STEPS[3]), (STEPS[3], STEPS[4]))
PREDICTIONS = "conversion_predictions.csv"
DECISION = "after_3_events"
#: Segments of risk end at half, once and twice the chance from which help pays; those from it on are helped.
HELPED = 2
#: Units of revenue and of chances: whole numbers add up without rounding.
MONEY, MILLIONTHS = 10_000, 1_000_000


def cube(desk: Desk) -> dict[str, Any]:
    """The file of the dashboard.

    Returns
    -------
    dict
        `dimensions`: name -> values in order; `measures` and `risk_measures`: names of the columns; `cells`
        and `risk_cells`: rows of places of the four dimensions (then of the segment) and measures, revenue in
        ten-thousandths of a euro, chances in millionths; `segments`: the chance at which each begins;
        `assumptions`.
    """
    sessions = query("dashboard_cube", desk.warehouse)
    sessions["week"] = pd.to_datetime(sessions["week"]).dt.strftime("%Y-%m-%d")
    sessions["revenue"] = (sessions["revenue"] * MONEY).round().astype(int)
    threshold = float(
        Numbers(desk.paths.results / "prediction" / "numbers.json").prediction.third_threshold.value
    )
    starts = [0.0, threshold / 2, threshold, 2 * threshold]
    risk = predicted(desk, starts)
    values = {name: sorted(sessions[name].unique()) for name in DIMENSIONS}
    measures = (*STEPS, "revenue")
    risk_measures = ("sessions", "expected", "bought", "revenue")
    return {
        "dimensions": values,
        "measures": measures,
        "cells": cells(sessions, values, measures),
        "risk_measures": risk_measures,
        "risk_cells": cells(risk, values | {"segment": list(range(len(starts)))}, risk_measures),
        "segments": starts,
        "assumptions": {
            "cost": desk.assumptions["prediction.assist_cost"],
            "lift": desk.assumptions["prediction.assist_lift"],
            "margin": desk.assumptions["shop.gross_margin"],
            "recoverable": desk.assumptions["funnel.recoverable_share"],
        },
    }


def predicted(desk: Desk, starts: list[float]) -> pd.DataFrame:
    """Sessions of the test period after their third event, by the chance that the model gave them."""
    rows = pd.read_csv(desk.paths.results / "predictions" / PREDICTIONS, parse_dates=["decided_at"])
    rows = rows[rows["decision"].eq(DECISION)]
    begun = pd.Series(starts)
    day = rows["decided_at"].dt.normalize()
    rows = rows.assign(
        week=(day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d"),
        segment=begun.searchsorted(rows["probability"], side="right") - 1,
        sessions=1,
        expected=(rows["probability"] * MILLIONTHS).round().astype(int),
        revenue=(rows["revenue_after"] * MONEY).round().astype(int),
    )
    by = [*DIMENSIONS, "segment"]
    return rows.groupby(by, as_index=False)[["sessions", "expected", "bought", "revenue"]].sum()


def cells(frame: pd.DataFrame, values: Mapping[str, list[Any]], measures: tuple[str, ...]) -> list[list[int]]:
    """Rows of a cube as whole numbers: the places of its dimensions, then its measures."""
    places = pd.DataFrame(
        {
            name: frame[name].map({value: place for place, value in enumerate(known)})
            for name, known in values.items()
        }
    )
    return pd.concat([places, frame[list(measures)]], axis=1).astype(int).to_numpy().tolist()


def totals(file: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows for a choice: name of a dimension -> its value; `from` and `to` bound the weeks.

    Returns
    -------
    dict
        `funnel`: measure -> sum; `weeks`: measure -> sums by week of the period; `risk`: one dict of sums a
        segment; `gain` and `cost`: of helping the segments from the threshold on, EUR; `won`: step -> EUR of
        margin if the assumed share of its losses came back, None where nobody gets past it.
    """
    weeks, assumed = file["dimensions"]["week"], file["assumptions"]
    first, last = (weeks.index(chosen.get(name) or weeks[place]) for name, place in (("from", 0), ("to", -1)))
    period = range(first, last + 1)
    rows, risk = (inside(file, file[name], chosen, period) for name in ("cells", "risk_cells"))
    width, measures = len(DIMENSIONS), file["measures"]
    funnel = summed(rows, measures, width)
    weekly = [summed(rows[rows[0].eq(week)], measures, width) for week in period]
    segments = [
        summed(risk[risk[width].eq(segment)], file["risk_measures"], width + 1)
        for segment in range(len(file["segments"]))
    ]
    helped = segments[HELPED:]
    cost = assumed["cost"] * sum(sums["sessions"] for sums in helped)
    margin = assumed["margin"] * sum(sums["revenue"] for sums in helped) / MONEY
    return {
        "funnel": funnel,
        "weeks": {name: [sums[name] for sums in weekly] for name in measures},
        "risk": segments,
        "gain": assumed["lift"] * margin - cost,
        "cost": cost,
        "won": won_back(funnel, assumed),
    }


def inside(
    file: Mapping[str, Any], cells: list[list[int]], chosen: Mapping[str, Any], weeks: range
) -> pd.DataFrame:
    """The cells of a choice, in the weeks given."""
    frame = pd.DataFrame(cells)
    kept = frame[0].isin(weeks)
    for place, name in enumerate(DIMENSIONS):
        if place and chosen.get(name):
            kept &= frame[place].eq(file["dimensions"][name].index(chosen[name]))
    return frame[kept]


def summed(rows: pd.DataFrame, measures: Sequence[str], first: int) -> dict[str, int]:
    """Sums of the measures, which stand in the columns from `first` on."""
    return {name: int(rows[first + place].sum()) for place, name in enumerate(measures)}


def won_back(funnel: Mapping[str, int], assumed: Mapping[str, float]) -> dict[str, float | None]:
    """Step -> EUR of margin if the assumed share of its losses came back, None where nobody gets past it."""
    worth = assumed["margin"] * funnel["revenue"] / MONEY
    return {
        after: assumed["recoverable"] * (funnel[before] - funnel[after]) * worth / funnel[after]
        if funnel[after]
        else None
        for before, after in DROPS
    }
