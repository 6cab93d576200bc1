"""Figures of chapter 02."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from journey.report.marks import estimates, reference
from journey.report.style import SEQUENTIAL, colour

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def steps(frame: pd.DataFrame) -> go.Figure:
    """Sessions that reach each step."""
    rows = frame.iloc[::-1]
    figure = go.Figure(
        go.Bar(
            x=rows["sessions"],
            y=rows["step"].str.capitalize(),
            orientation="h",
            marker={"color": colour("series-1")},
            text=[f"{share:.1%}" for share in rows["overall_rate"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,} sessions<extra></extra>",
        )
    )
    figure.update_xaxes(title="Sessions", tickformat=",", range=[0, float(frame["sessions"].max()) * 1.12])
    # No lines across: they would run through the labels beside the bars.
    figure.update_yaxes(title="Step reached", showgrid=False)
    return figure


def drops(frame: pd.DataFrame, step: str) -> go.Figure:
    """Share of sessions that go on from one step, by segment of each dimension, against that of all."""
    rows = frame[frame["step_id"].eq(step)].sort_values(["dimension", "rate"], ascending=[True, False])
    whole = rows["dimension"].eq("all")
    rows = rows.assign(label=rows["dimension"] + ": " + rows["segment"].str.replace("_", " "))
    figure = estimates(
        rows[~whole],
        label="label",
        value="rate",
        low="rate_low",
        high="rate_high",
        axis="Share that goes on",
        rows="Segment",
        tickformat=".0%",
    )
    figure.update_traces(hovertemplate="%{y}: %{x:.1%}<extra></extra>")
    reference(figure, float(rows.loc[whole, "rate"].iloc[0]), "all")
    return figure


def values(frame: pd.DataFrame) -> go.Figure:
    """Gross margin behind each late drop, by segment, largest first."""
    rows = frame.sort_values("value", ascending=False)
    rows = rows.assign(label=rows["segment"].str.replace("_", " ") + ": " + rows["step"].str.lower())
    return estimates(
        rows,
        label="label",
        value="value",
        low="value_low",
        high="value_high",
        axis="Margin that could be won back in 90 days, €",
        rows="Segment and step",
        tickformat=",.0f",
    )


def daily(frame: pd.DataFrame) -> go.Figure:
    """Sessions by day, what its weekday would lead to expect, and the days that do not fit."""
    odd = frame[frame["flagged"]]
    figure = go.Figure(
        [
            go.Scatter(
                x=frame["day"],
                y=frame["expected"],
                name="median of the weekday",
                line={"color": colour("axis"), "width": 2},
            ),
            go.Scatter(
                x=frame["day"],
                y=frame["sessions"],
                name="sessions",
                line={"color": colour("series-1"), "width": 2},
            ),
            go.Scatter(
                x=odd["day"],
                y=odd["sessions"],
                name="does not fit",
                mode="markers",
                marker={"color": colour("series-2"), "size": 11},
            ),
        ]
    )
    figure.update_xaxes(title="Day")
    figure.update_yaxes(title="Sessions a day", tickformat=",", rangemode="tozero")
    return figure


def mix(frame: pd.DataFrame) -> go.Figure:
    """Share of sessions and conversion of each channel, before and in the last three weeks."""
    rows = frame.sort_values("rate_after")
    channels = rows["channel"].str.replace("_", " ")
    figure = make_subplots(cols=2, rows=1, shared_yaxes=True, horizontal_spacing=0.06)
    for column, (measure, title) in enumerate(
        (("share", "Share of sessions"), ("rate", "Sessions that buy")), start=1
    ):
        before, after = rows[f"{measure}_before"], rows[f"{measure}_after"]
        for channel, *ends in zip(channels, before, after, strict=True):
            figure.add_scatter(
                x=ends,
                y=[channel] * 2,
                mode="lines",
                line={"color": colour("axis"), "width": 2},
                showlegend=False,
                hoverinfo="skip",
                row=1,
                col=column,
            )
        for values, role, name in ((before, "axis", "before"), (after, "series-1", "last three weeks")):
            figure.add_scatter(
                x=values,
                y=channels,
                mode="markers",
                name=name,
                marker={"color": colour(role), "size": 11},
                showlegend=column == 1,
                hovertemplate="%{y}: %{x:.1%}<extra></extra>",
                row=1,
                col=column,
            )
        figure.update_xaxes(title=title, tickformat=".0%", col=column)
    figure.update_yaxes(title="Channel", col=1)
    return figure


def hours(frame: pd.DataFrame) -> go.Figure:
    """Sessions by weekday and hour."""
    table = frame.pivot_table(index="weekday_number", columns="hour_of_day", values="sessions", aggfunc="sum")
    figure = go.Figure(
        go.Heatmap(
            z=table.to_numpy(),
            x=list(table.columns),
            y=[WEEKDAYS[int(day) - 1] for day in table.index],
            colorscale=SEQUENTIAL,
            colorbar={"title": "Sessions"},
            hovertemplate="%{y} %{x}:00: %{z} sessions<extra></extra>",
        )
    )
    figure.update_xaxes(title="Hour of the day (UTC)", dtick=3)
    figure.update_yaxes(title="Weekday", autorange="reversed")
    return figure
