"""Marks that several chapters draw: estimates with intervals, and reference lines."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.style import colour


def estimates(
    frame: pd.DataFrame,
    *,
    label: str,
    value: str,
    low: str,
    high: str,
    axis: str,
    tickformat: str = ".1%",
    name: str = "",
    role: str = "series-1",
) -> go.Figure:
    """One dot with its interval a row, the first row on top.

    Parameters
    ----------
    label, value, low, high
        Columns of `frame`.
    axis
        Title of the value axis, with its unit.
    """
    rows = frame.iloc[::-1]
    figure = go.Figure(
        go.Scatter(
            x=rows[value],
            y=rows[label],
            mode="markers",
            name=name,
            marker={"color": colour(role), "size": 10},
            error_x=error_bars(rows[value], rows[low], rows[high], colour(role)),
            hovertemplate=f"%{{y}}: %{{x:{tickformat}}}<extra></extra>",
        )
    )
    figure.update_xaxes(title=axis, tickformat=tickformat)
    figure.update_yaxes(title="", visible=True, automargin=True)
    figure.update_layout(showlegend=False)
    return figure


def error_bars(
    value: pd.Series, low: pd.Series, high: pd.Series, shade: str, *, thickness: float = 2
) -> dict[str, object]:
    """Plotly's error bars from the bounds of an interval, without end strokes."""
    return {
        "type": "data",
        "symmetric": False,
        "array": high - value,
        "arrayminus": value - low,
        "color": shade,
        "thickness": thickness,
        "width": 0,
    }


def band(figure: go.Figure, x: pd.Series, low: pd.Series, high: pd.Series, shade: str) -> None:
    """Fill the area between two lines, without a place in the legend."""
    figure.add_scatter(
        x=pd.concat([x, x[::-1]]),
        y=pd.concat([high, low[::-1]]),
        fill="toself",
        fillcolor=shade,
        line={"width": 0},
        showlegend=False,
        hoverinfo="skip",
    )


def reference(figure: go.Figure, at: float, text: str, *, horizontal: bool = False) -> None:
    """Draw a dashed line with a short label at a value every reader should compare with."""
    line = {"color": colour("muted"), "dash": "dash", "width": 1}
    note = {"text": text, "font": {"color": colour("muted")}}
    if horizontal:
        figure.add_hline(y=at, line=line, annotation=note)
    else:
        figure.add_vline(x=at, line=line, annotation=note, annotation_position="top")
