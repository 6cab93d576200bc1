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
    estimated = series[:-1] if truth else series
    figure = go.Figure()
    for number, (name, (role, symbol)) in enumerate(zip(estimated, MARKERS, strict=False)):
        rows = frame[frame["series"].eq(name)]
        shift = APART * ((len(estimated) - 1) / 2 - number)
        figure.add_scatter(
            x=rows["value"],
            y=rows["shop"].map(place) + shift,
            mode="markers",
            name=name,
            text=rows["shop"],
            marker={"color": colour(role), "size": 10, "symbol": symbol},
            error_x=error_bars(rows["value"], rows["low"], rows["high"], colour(role)),
            hovertemplate=f"%{{text}}, {name}: %{{x:.1%}}<extra></extra>",
        )
    if truth:
        rows = frame[frame["series"].eq(series[-1])]
        figure.add_scatter(
            x=rows["value"],
            y=rows["shop"].map(place),
            mode="markers",
            name=series[-1],
            text=rows["shop"],
            marker=marker("truth"),
            hovertemplate=f"%{{text}}, {series[-1]}: %{{x:.1%}}<extra></extra>",
        )
    figure.update_xaxes(title=axis, tickformat=".0%")
    if points:
        in_points(figure, "x")
    figure.update_yaxes(
        title="Shop", tickvals=list(place.values()), ticktext=shops, range=[0.4, len(shops) + 0.6]
    )
    return figure
