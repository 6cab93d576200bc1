"""Figures of chapter 09."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import band, estimates, in_points, reference, truth_line
from journey.report.style import colour

# Names that leave a phone room for the dots.
SHORT_METHODS = {
    "relative lift, fieller": "relative lift, Fieller",
    "CUPED relative lift, reduced variances in the plain formula": "CUPED lift, wrong variance",
    "CUPED relative lift of the observed mean, Fieller": "CUPED lift of the observed mean, Fieller",
    "CUPED relative lift of the observed mean, delta": "CUPED lift of the observed mean, delta",
    "CUPED relative lift, Fieller": "CUPED lift, Fieller",
    "CUPED relative lift, delta": "CUPED lift, delta",
    "post-stratified relative lift, Fieller": "post-stratified lift, Fieller",
    "post-stratified relative lift, delta": "post-stratified lift, delta",
    "conversion per session, sessions as independent": "sessions as independent",
    "conversion per session, cluster-robust": "session rate, cluster-robust",
    "conversion per session, lift, Fieller": "session rate, lift, Fieller",
    "revenue per session, delta method": "session revenue, delta",
    "revenue per session, lift, Fieller": "session revenue, lift, Fieller",
}
RULE_NAMES = {
    "fixed horizon, every look": "fixed test, every day",
    "group sequential, obrien-fleming": "O'Brien-Fleming bounds",
    "group sequential, pocock": "Pocock bounds",
}


def power(frame: pd.DataFrame, truth: float, detectable: float) -> go.Figure:
    """Power of this experiment by the size of the effect."""
    figure = go.Figure(
        go.Scatter(
            x=frame["effect"],
            y=frame["power"],
            line={"color": colour("series-1"), "width": 2},
            hovertemplate="effect %{x:.2%}: power %{y:.0%}<extra></extra>",
        )
    )
    reference(figure, detectable, "80% power", position="bottom right")
    truth_line(figure, truth, "true effect", position="top left")
    figure.update_xaxes(title="Effect on the share of users who buy", tickformat=".1%")
    in_points(figure, "x")
    figure.update_yaxes(title="Chance of finding it", tickformat=".0%", range=[0, 1.02])
    return figure


def looks(frame: pd.DataFrame, truth: float) -> go.Figure:
    """Estimate by day with the fixed interval and with one that may be read every day."""
    figure = go.Figure()
    for low, high, role, name in (
        ("always_low", "always_high", "neutral", "valid at every look"),
        ("low", "high", "series-1", "valid at one planned look"),
    ):
        band(figure, frame["day"], frame[low], frame[high], colour(role, 0.25), name=name)
    figure.add_scatter(
        x=frame["day"], y=frame["effect"], name="estimate", line={"color": colour("series-1"), "width": 2}
    )
    figure.add_hline(y=0, line={"color": colour("muted"), "width": 1})
    truth_line(figure, truth, "truth at the end", horizontal=True)
    figure.update_xaxes(title="Day of the look")
    figure.update_yaxes(title="Difference of the share of users who buy", tickformat=".0%")
    in_points(figure, "y")
    return figure


def segments(frame: pd.DataFrame) -> go.Figure:
    """Effect by segment with intervals, against no effect."""
    axis, rows = "Difference of the share who buy", "Acquisition channel"
    figure = estimates(frame, label="segment", value="effect", axis=axis, rows=rows)
    reference(figure, 0.0, "no effect")
    in_points(figure, "x")
    return figure


def coverage(frame: pd.DataFrame) -> go.Figure:
    """Coverage of each method in simulation, against the band that was asked for; the lowest at the foot."""
    rows = frame[frame["measure"].eq("coverage")]
    rows = rows.assign(method=rows["method"].replace(SHORT_METHODS))
    promised, met = rows["expected_to_hold"].astype(bool), rows["met"].astype(bool)
    figure = go.Figure()
    for part, role, symbol, name in (
        (rows[promised & met], "series-1", "circle", "promise kept"),
        (rows[~promised], "axis", "square", "no promise made"),
        (rows[promised & ~met], "series-2", "x", "promise broken"),
    ):
        if part.empty:
            continue
        figure.add_scatter(
            x=part["value"],
            y=part["method"],
            customdata=part["scenario"],
            mode="markers",
            name=name,
            marker={"color": colour(role), "size": 9, "symbol": symbol},
            hovertemplate="%{customdata}: %{x:.1%}<extra>%{y}</extra>",
        )
    figure.add_vrect(x0=0.94, x1=0.96, fillcolor=colour("neutral", 0.2), line_width=0)
    figure.update_xaxes(title="Share of intervals that contain the truth", tickformat=".0%")
    lowest = rows.groupby("method")["value"].min().sort_values(kind="stable")
    figure.update_yaxes(
        title="Method", automargin=True, categoryorder="array", categoryarray=list(lowest.index)
    )
    return figure


def fooled(frame: pd.DataFrame) -> go.Figure:
    """Share of ASOS series that cross at some look but not at the end, by rule."""
    figure = estimates(
        frame.assign(rule=frame["rule"].replace(RULE_NAMES)),
        label="rule",
        value="share_fooled",
        low="share_low",
        high="share_high",
        axis="Series that cross at some look, not at the end",
        rows="Rule",
        tickformat=".0%",
    )
    figure.update_xaxes(rangemode="tozero")
    return figure
