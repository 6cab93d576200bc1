"""Figures of the appendix on the model card and drift."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from journey.report.marks import band, error_bars, reference
from journey.report.style import colour

MODELS = {"frozen": ("series-1", "circle"), "retrained every week": ("series-2", "diamond")}
#: Names of variables that would not be understood by themselves.
TITLES = {"score": "Score of the model"}
#: Distance of the two models of one week, in weeks.
APART = 0.18
#: What lies lower is drawn here, on an axis of powers.
LOWEST = 0.0005
TICKS = (0.001, 0.01, 0.1)


def watched(frame: pd.DataFrame, rule: float) -> go.Figure:
    """Stability index of some variables by week, with the twin shop and the height of the alarm.

    Parameters
    ----------
    frame
        Columns `variable`, `week`, `starts`, `psi`, `quiet` (the twin) and `limit`.
    rule
        Rule of thumb, drawn in every panel.
    """
    names = list(dict.fromkeys(frame["variable"]))
    figure = make_subplots(
        rows=len(names),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.1,
        subplot_titles=[TITLES.get(name, name.capitalize()) for name in names],
    )
    for row, name in enumerate(names, 1):
        for trace in _panel(frame[frame["variable"] == name], name, named=row == 1).data:
            figure.add_trace(trace, row=row, col=1)
        reference(figure, rule, "" if row > 1 else "rule of thumb", horizontal=True, row=row)
    figure.update_yaxes(
        type="log",
        range=[-3.31, 0],
        tickvals=TICKS,
        ticktext=[f"{tick:g}" for tick in TICKS],
        title="Drift index",
    )
    _name_weeks(figure, frame, len(names))
    return figure


def _panel(frame: pd.DataFrame, name: str, *, named: bool) -> go.Figure:
    """One variable: the band without an alarm, the twin and the shop; with `named`, in the legend too."""
    panel, week = go.Figure(), frame["week"]
    legend = {"mode": "lines", "name": "no alarm", "showlegend": named}
    band(panel, week, frame["limit"] * 0 + LOWEST, frame["limit"], colour("muted", 0.2), **legend)
    for column, words, role, dash in (
        ("quiet", "the same shop, nothing planted", "series-2", "dot"),
        ("psi", "this shop", "series-1", "solid"),
    ):
        panel.add_scatter(
            x=week,
            y=frame[column].clip(lower=LOWEST),
            mode="lines+markers",
            name=words,
            legendgroup=words,
            showlegend=named,
            customdata=frame["starts"],
            line={"color": colour(role), "width": 2, "dash": dash},
            marker={"size": 8},
            hovertemplate=f"{name}, week of %{{customdata}}: %{{y:.3f}}<extra>{words}</extra>",
        )
    return panel


def _name_weeks(figure: go.Figure, frame: pd.DataFrame, last: int) -> None:
    """Name the weeks by the day they start, with a title at the `last` row of panels."""
    weeks = frame.drop_duplicates("week")
    figure.update_xaxes(tickvals=weeks["week"], ticktext=weeks["starts"])
    figure.update_xaxes(title="Week from", row=last, col=1)


def weekly(frame: pd.DataFrame, shifted: float) -> go.Figure:
    """Area under the curve, and observed over expected purchases, by week and model, with intervals.

    Parameters
    ----------
    frame
        Columns `week`, `starts`, `model`, and `roc_auc` and `ratio` with `_low` and `_high`.
    shifted
        Where between the weeks the shift begins.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12)
    for row, metric in enumerate(("roc_auc", "ratio"), 1):
        for place, (name, (role, symbol)) in enumerate(MODELS.items()):
            mine = frame[frame["model"] == name]
            figure.add_scatter(
                x=mine["week"] + APART * (place - 0.5),
                y=mine[metric],
                mode="markers",
                name=name,
                legendgroup=name,
                showlegend=row == 1,
                customdata=mine["starts"],
                marker={"color": colour(role), "size": 9, "symbol": symbol},
                error_y=error_bars(mine[metric], mine[f"{metric}_low"], mine[f"{metric}_high"], colour(role)),
                hovertemplate=f"week of %{{customdata}}: %{{y:.2f}}<extra>{name}</extra>",
                row=row,
                col=1,
            )
    reference(figure, shifted, "shift")
    # The line runs through both panels and is named in the upper one.
    figure.layout.annotations = figure.layout.annotations[:1]
    figure.add_hline(y=1, row=2, col=1, line={"color": colour("muted"), "dash": "dash", "width": 1})
    figure.update_yaxes(title="ROC-AUC", tickformat=".2f", row=1, col=1)
    figure.update_yaxes(title="Observed / expected", tickformat=".1f", row=2, col=1)
    _name_weeks(figure, frame, 2)
    return figure
