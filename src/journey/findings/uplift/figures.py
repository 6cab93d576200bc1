"""Figures of chapter 11."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import band, error_bars, estimates, in_points, line_of, reference
from journey.report.style import colour


def truth_curve(frame: pd.DataFrame) -> go.Figure:
    """True extra buyers captured by the ranking, by the oracle and at random, over the share treated."""
    figure = go.Figure()
    for column, role, name in (
        ("oracle", "truth", "oracle: knows each effect"),
        ("score", "series-1", "uplift ranking"),
        ("random", "axis", "random"),
    ):
        figure.add_scatter(
            x=frame["share"],
            y=frame[column],
            name=name,
            line=line_of(role),
            hovertemplate="%{x:.0%} treated: %{y:.2%}<extra></extra>",
        )
    figure.update_xaxes(title="Share of users treated, best first", tickformat=".0%")
    figure.update_yaxes(title="True extra buyers, share of all users", tickformat=".1%")
    in_points(figure, "y")
    return figure


def banded(
    frame: pd.DataFrame, value: str, other: str, labels: tuple[str, str], axis: str, tickformat: str
) -> go.Figure:
    """A curve over the share treated with its band, against random targeting."""
    figure = go.Figure()
    band(figure, frame["share"], frame["low"], frame["high"], colour("series-1", 0.15))
    figure.add_scatter(
        x=frame["share"], y=frame[value], name=labels[0], line={"color": colour("series-1"), "width": 2}
    )
    figure.add_scatter(
        x=frame["share"], y=frame[other], name=labels[1], line={"color": colour("axis"), "width": 2}
    )
    figure.add_hline(y=0, line={"color": colour("muted"), "width": 1})
    figure.update_xaxes(title="Share of users treated, best first", tickformat=".0%")
    figure.update_yaxes(title=axis, tickformat=tickformat)
    return figure


def bins(frame: pd.DataFrame) -> go.Figure:
    """Observed against predicted uplift by tenth of the users."""
    figure = go.Figure(
        go.Scatter(
            x=frame["predicted"],
            y=frame["observed"],
            mode="markers",
            name="observed, 95% interval",
            marker={"color": colour("series-1"), "size": 10},
            error_y=error_bars(frame["observed"], frame["low"], frame["high"], colour("series-1")),
        )
    )
    ends = [float(frame["predicted"].min()), float(frame["predicted"].max())]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="perfect", line={"color": colour("axis"), "dash": "dash"}
    )
    figure.update_xaxes(title="Predicted uplift", tickformat=".0%")
    figure.update_yaxes(title="Observed uplift", tickformat=".0%")
    in_points(figure, "x", "y")
    return figure


def qini(frame: pd.DataFrame) -> go.Figure:
    """Qini coefficient of each model on each Hillstrom mailing."""
    rows = frame.assign(label=frame["mailing"] + ": " + frame["model"])
    figure = estimates(
        rows,
        label="label",
        value="qini",
        axis="Qini coefficient, visits per customer",
        rows="Mailing and model",
        tickformat=".2%",
    )
    reference(figure, 0.0, "random")
    in_points(figure, "x")
    return figure
