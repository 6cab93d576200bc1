"""Figures of chapter 04."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from journey.report.marks import add_beside, error_bars, estimates, reference
from journey.report.style import SEQUENTIAL, colour

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
METHODS = {"told by labels": "truth", "nearest segment": "series-1"}


def choice(frame: pd.DataFrame, chosen: int, stable: float) -> go.Figure:
    """Silhouette, stability and gap by the number of segments, one under the other."""
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.07)
    two = frame[frame["k"] >= 2]
    error = frame["gap_error"]
    bars = [
        None,
        error_bars(two["stability"], two["stability_low"], two["stability_high"], colour("series-1")),
        error_bars(frame["gap"], frame["gap"] - error, frame["gap"] + error, colour("series-1")),
    ]
    for row, (rows, name) in enumerate(((two, "silhouette"), (two, "stability"), (frame, "gap")), start=1):
        figure.add_scatter(
            x=rows["k"],
            y=rows[name],
            mode="lines+markers",
            line={"color": colour("series-1"), "width": 2},
            marker={
                "opacity": 1,
                "size": [12 if k == chosen else 7 for k in rows["k"]],
                "color": [colour("series-2" if k == chosen else "series-1") for k in rows["k"]],
            },
            error_y=bars[row - 1],
            hovertemplate="%{x} segments: %{y:.3f}<extra>" + name + "</extra>",
            row=row,
            col=1,
        )
        figure.update_yaxes(title=name.capitalize(), nticks=4, row=row)
    reference(figure, stable, "stable", horizontal=True, row=2)
    figure.update_xaxes(title="Number of segments", dtick=1, row=3)
    figure.update_layout(showlegend=False)
    return figure


def traits(frame: pd.DataFrame, order: Sequence[str]) -> go.Figure:
    """How far each segment lies from the mean of all in each behaviour, one mark a segment."""
    figure = go.Figure()
    for place, name in enumerate(order):
        rows = frame[frame["segment"].eq(name)].iloc[::-1]
        figure.add_scatter(
            x=rows["deviations"],
            y=rows["behaviour"],
            name=name,
            mode="markers",
            marker={
                "size": 11,
                "color": colour(f"series-{place % 6 + 1}"),
                "symbol": SYMBOLS[place % len(SYMBOLS)],
            },
            hovertemplate="%{y}: %{x:+.2f}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title="Standard deviations from the mean of all", zeroline=True)
    figure.update_yaxes(title="Behaviour")
    return figure


def conversion(frame: pd.DataFrame) -> go.Figure:
    """Share of each segment that buys in the last third, with its interval."""
    rows = frame.sort_values("bought", ascending=False).assign(
        name=lambda each: _wrapped(each["segment"], 20)
    )
    figure = estimates(
        rows,
        label="name",
        value="bought",
        low="bought_low",
        high="bought_high",
        axis="Visitors who buy later",
        rows="Segment",
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure


def by_visits(frame: pd.DataFrame) -> go.Figure:
    """Agreement with the planted kinds by number of visits, without and with labels."""
    groups = list(dict.fromkeys(frame["visits"]))
    figure = go.Figure()
    for place, (method, role) in enumerate(METHODS.items()):
        rows = frame[frame["method"].eq(method)].set_index("visits").loc[groups]
        name = {"told by labels": "classifier that sees labels"}.get(method, method)
        add_beside(figure, groups, rows, "rand", name, role, 0.06 * (place - 0.5))
    figure.update_traces(hovertemplate="%{customdata} visits: %{y:.2f}<extra></extra>")
    figure.update_xaxes(title="Visits in the first two thirds of the days")
    figure.update_yaxes(title="Adjusted Rand index", range=[0, 1])
    return figure


def top(frame: pd.DataFrame, claimed: float, text: str) -> go.Figure:
    """Revenue of the best tenth of customers, by what is counted, against what is claimed."""
    rows = frame.assign(
        name=_wrapped(frame["counted"], 26),
        low=frame["low"].fillna(frame["value"]),
        high=frame["high"].fillna(frame["value"]),
    )
    figure = estimates(rows, label="name", value="value", axis="Share of revenue", rows="Counted")
    figure.update_xaxes(tickformat=".0%")
    reference(figure, claimed, text)
    return figure


def migration(frame: pd.DataFrame) -> go.Figure:
    """Where the customers of each segment of the first half are in the second, percent of the row."""
    table = frame.pivot_table(index="before", columns="after", values="share", sort=False)
    figure = go.Figure(
        go.Heatmap(
            z=table.to_numpy(),
            x=list(table.columns),
            y=list(table.index),
            colorscale=SEQUENTIAL,
            zmin=0,
            text=[[f"{100 * share:.0f}" for share in row] for row in table.to_numpy()],
            texttemplate="%{text}",
            showscale=False,
            hovertemplate="%{y}, then %{x}: %{z:.1%}<extra></extra>",
        )
    )
    figure.update_yaxes(title="First half", autorange="reversed", showgrid=False, dtick=1)
    figure.update_xaxes(title="Second half, percent of the row", tickangle=-60, dtick=1)
    return figure


def _wrapped(names: pd.Series, width: int) -> list[str]:
    return ["\n".join(textwrap.wrap(name, width)) for name in names]
