"""Figures of chapter 08."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import band, cell_texts, error_bars, reference
from journey.report.style import SEQUENTIAL, STRONG, colour


def retention(frame: pd.DataFrame, *, every: str, most: float, calendar: bool = False) -> go.Figure:
    """Percentage of each cohort that buys in each later period; its size stands beside its date.

    Periods are counted from the first purchase, or months have their names (`calendar`). Cells carry whole
    numbers without a sign, so that they fit on a phone.
    """
    if calendar:
        frame = frame.assign(age=later_months(frame))
    wide = frame.pivot(index="cohort", columns="age", values="share")
    rows = _named_cohorts(frame, wide.index, "%b" if every == "month" else "%-d %b")
    figure = go.Figure(
        go.Heatmap(
            z=wide.to_numpy(),
            x=wide.columns.to_list(),
            y=rows,
            colorscale=SEQUENTIAL,
            zmin=0,
            zmax=most,
            showscale=False,
            hovertemplate="%{y}, " + every + " %{x}: %{z:.1%}<extra></extra>",
        )
    )
    cells = frame.assign(row=frame["cohort"].map(dict(zip(wide.index, rows, strict=True))))
    texts, strong = (100 * cells["share"]).map("{:.0f}".format), cells["share"].gt(STRONG * most)
    cell_texts(figure, cells["age"], cells["row"], texts, strong, size=11)
    figure.update_xaxes(title=f"{every.capitalize()}s since the first purchase", dtick=1)
    if calendar:
        _name_months(figure, list(wide.columns)[::-2])
    figure.update_yaxes(title=f"{every.capitalize()} won: customers", autorange="reversed", showgrid=False)
    return figure


def _named_cohorts(frame: pd.DataFrame, cohorts: pd.Index, shape: str) -> list[str]:
    sizes = frame.drop_duplicates("cohort").set_index("cohort")["n"]
    return [f"{pd.Timestamp(cohort):{shape}}: {sizes[cohort]:,}" for cohort in cohorts]


def _name_months(figure: go.Figure, months: list[int]) -> None:
    names = [pd.Period(ordinal=month, freq="M").strftime("%b") for month in months]
    figure.update_xaxes(title="Month of the later purchase", tickvals=months, ticktext=names)


def later_months(frame: pd.DataFrame) -> pd.Series:
    """The calendar month of each cell, counted from 1970: that of its cohort and its age in months."""
    return frame["age"] + pd.to_datetime(frame["cohort"]).dt.to_period("M").map(lambda month: month.ordinal)


def tracking(frame: pd.DataFrame) -> go.Figure:
    """Cumulative repeat purchases by week, seen and expected."""
    figure = go.Figure()
    for column, role, name, dash in (
        ("actual", "ink", "seen", "solid"),
        ("BG/NBD", "series-1", "BG/NBD", "dash"),
        ("Pareto/NBD", "series-2", "Pareto/NBD", "dot"),
    ):
        figure.add_scatter(
            x=frame["week"],
            y=frame[column],
            name=name,
            mode="lines",
            line={"color": colour(role), "width": 2, "dash": dash},
            hovertemplate=f"{name}, week %{{x}}: %{{y:,.0f}}<extra></extra>",
        )
    reference(figure, 0, "forecast from here", position="top right")
    figure.update_xaxes(title="Weeks before and after the end of the calibration")
    figure.update_yaxes(title="Repeat purchases so far", tickformat=",.0f")
    return figure


def deciles(frame: pd.DataFrame) -> go.Figure:
    """Spend seen against spend foretold, by tenth of the forecast, a line a way; both axes logarithmic."""
    figure = go.Figure()
    for (way, part), role in zip(frame.groupby("way", sort=False), ("series-1", "series-2"), strict=False):
        figure.add_scatter(
            x=part["forecast"],
            y=part["actual"],
            mode="markers",
            name=str(way),
            marker={"color": colour(role), "size": 9},
            error_y=error_bars(part["actual"], part["low"], part["high"], colour(role)),
            hovertemplate="foretold £%{x:,.0f}, seen £%{y:,.0f}<extra></extra>",
        )
    ends = [float(frame[["forecast", "actual"]].min().min()), float(frame["forecast"].max())]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="as foretold", line={"color": colour("axis"), "dash": "dash"}
    )
    figure.update_xaxes(title="Mean spend foretold, £", type="log", tickvals=[30, 100, 300, 1000, 3000])
    figure.update_yaxes(title="Mean spend seen, £", type="log", tickvals=[30, 100, 300, 1000, 3000])
    return figure


def offers(frame: pd.DataFrame, limits: dict[str, float]) -> go.Figure:
    """Profit of an offer over the share of customers who get it; `limits` are shares that have a name."""
    figure = go.Figure()
    for (score, part), role in zip(
        frame.sort_values("share").groupby("score", sort=False), ("series-1", "series-2"), strict=False
    ):
        if role == "series-1":
            band(figure, part["share"], part["low"], part["high"], colour(role, 0.15))
        figure.add_scatter(
            x=part["share"],
            y=part["profit"],
            name=str(score),
            mode="lines",
            line={"color": colour(role), "width": 2},
            hovertemplate="%{x:.0%} get it: £%{y:,.0f}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": colour("muted"), "width": 1})
    for name, share in limits.items():
        reference(figure, share, name)
    figure.update_xaxes(title="Share of customers at risk who get the offer", tickformat=".0%")
    figure.update_yaxes(title="Profit for 1,000 at risk, £", tickformat=",.0f")
    return figure
