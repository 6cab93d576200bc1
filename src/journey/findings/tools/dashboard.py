"""The dashboard's cube: sessions by week, device, channel and country, and what the model said of them.

The page adds up cells; `assets/tools/dashboard.js` and `totals` do it in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    weeks = file["dimensions"]["week"]
    first, last = (weeks.index(chosen.get(name) or weeks[place]) for name, place in (("from", 0), ("to", -1)))
    wanted = {
        place: file["dimensions"][name].index(chosen[name])
        for place, name in enumerate(DIMENSIONS)
        if place and chosen.get(name)
    }

    def kept(rows: list[list[int]]) -> pd.DataFrame:
        frame = pd.DataFrame(rows)
        inside = frame[0].between(first, last)
        for place, value in wanted.items():
            inside &= frame[place].eq(value)
        return frame[inside]

    rows, risk, assumed = kept(file["cells"]), kept(file["risk_cells"]), file["assumptions"]
    width = len(DIMENSIONS)
    funnel = {name: int(rows[width + place].sum()) for place, name in enumerate(file["measures"])}
    by_week = {
        name: [int(rows.loc[rows[0].eq(week), width + place].sum()) for week in range(first, last + 1)]
        for place, name in enumerate(file["measures"])
    }
    segments = []
    for segment in range(len(file["segments"])):
        mine = risk[risk[width].eq(segment)]
        segments.append(
            {name: int(mine[width + 1 + place].sum()) for place, name in enumerate(file["risk_measures"])}
        )
    helped = segments[HELPED:]
    cost = assumed["cost"] * sum(sums["sessions"] for sums in helped)
    margin = assumed["margin"] * sum(sums["revenue"] for sums in helped) / MONEY
    won = {}
    for before, after in DROPS:
        lost = funnel[before] - funnel[after]
        worth = assumed["margin"] * funnel["revenue"] / MONEY
        won[after] = assumed["recoverable"] * lost * worth / funnel[after] if funnel[after] else None
    return {
        "funnel": funnel,
        "weeks": by_week,
        "risk": segments,
        "gain": assumed["lift"] * margin - cost,
        "cost": cost,
        "won": won,
    }
