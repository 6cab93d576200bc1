"""Figures of the appendix on other seeds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import error_bars, in_points, marker
from journey.report.style import colour

MARKERS = (("series-1", "circle"), ("series-2", "square"), ("series-3", "diamond"))
#: Distance of two series of one shop, in rows.
APART = 0.22


def by_seed(
    frame: pd.DataFrame, series: Sequence[str], *, axis: str, truth: bool = False, points: bool = False
) -> go.Figure:
    """Estimates with intervals, one row a shop, the first shop on top.

    Parameters
    ----------
    frame
        Columns `shop`, `series`, `value`, `low` and `high`; rows without an interval are the truth.
    series
        Series in the order of the legend.
    axis
        Title of the value axis.
    points
        Whether the values are differences of shares, in percentage points.
    truth
        Whether the last series is the truth: a diamond in its own colour.
    """
    shops = list(dict.fromkeys(frame["shop"]))
    place = {shop: len(shops) - number for number, shop in enumerate(shops)}
    estimated = len(series) - truth
    figure = go.Figure()
    for number, name in enumerate(series):
        rows = frame[frame["series"].eq(name)]
        y = rows["shop"].map(place)
        if number < estimated:
            shift = APART * ((estimated - 1) / 2 - number)
            figure.add_trace(_series(rows, y + shift, name, **_estimates(rows, *MARKERS[number])))
        else:
            figure.add_trace(_series(rows, y, name, marker=marker("truth")))
    figure.update_xaxes(title=axis, tickformat=".0%")
    if points:
        in_points(figure, "x")
    figure.update_yaxes(
        title="Shop", tickvals=list(place.values()), ticktext=shops, range=[0.4, len(shops) + 0.6]
    )
    return figure


def _estimates(rows: pd.DataFrame, role: str, symbol: str) -> dict[str, object]:
    bars = error_bars(rows["value"], rows["low"], rows["high"], colour(role))
    return {"marker": {"color": colour(role), "size": 10, "symbol": symbol}, "error_x": bars}


def _series(rows: pd.DataFrame, y: pd.Series, name: str, **marks: object) -> go.Scatter:
    hover = f"%{{text}}, {name}: %{{x:.1%}}<extra></extra>"
    return go.Scatter(
        x=rows["value"], y=y, mode="markers", name=name, text=rows["shop"], hovertemplate=hover, **marks
    )
