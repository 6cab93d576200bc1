"""Figures of chapter 06."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from journey.report.marks import error_bars, line_of, marker
from journey.report.style import colour

Rankings = Mapping[str, tuple[str, str]]
RANKINGS: Rankings = {
    "baseline": ("simple rule", "muted"),
    "model": ("model", "series-1"),
    "oracle": ("oracle", "truth"),
}
FIELD_RANKINGS: Rankings = {
    "popularity": ("order score times popularity", "muted"),
    "bought_before": ("count of earlier purchases", "series-3"),
    "model": ("model", "series-1"),
}
CURVES = {
    "plain": ("history only", "muted"),
    "collaborative": ("with collaborative filtering", "series-3"),
    "embedding": ("with item embeddings too", "series-1"),
    "tastes": ("told the true tastes", "truth"),
}
READERS = {
    "features": ("features", "series-1"),
    "sequence": ("sequence of events", "series-3"),
    "both": ("mean of both", "muted"),
    "oracle": ("oracle", "truth"),
}
#: Where names of targets may break a line.
BREAKS = {
    "this item into": "this item\ninto",
    "two buy": "two\nbuy",
    "This product in the": "This product\nin the",
    "Orders this": "Orders this\n",
    "Orders within": "Orders within\n",
}
#: Target -> axis of the panel that shows it.
READ = {"session_start": "ROC-AUC, session start", "item": "Lift, item in this session"}


def bars(rows: pd.DataFrame, value: str, role: str) -> dict[str, object]:
    """Error bars of a column with its bounds beside it."""
    return error_bars(rows[value], rows[f"{value}_low"], rows[f"{value}_high"], colour(role))


def ladder(frame: pd.DataFrame, rankings: Rankings = RANKINGS) -> go.Figure:
    """Average precision and lift of every ranking on every rung, both on log axes."""
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.06)
    places = np.arange(len(frame))[::-1]
    for column, (measure, title) in enumerate(
        {"precision": "Precision (PR-AUC)", "lift": "Lift"}.items(), start=1
    ):
        for number, (key, (name, role)) in enumerate(rankings.items()):
            value = f"{key}_{measure}"
            known = frame[value].notna().to_numpy()
            rows = frame[known]
            figure.add_scatter(
                x=rows[value],
                y=places[known] + 0.18 * (1 - number),
                mode="markers",
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                marker=marker(role, 9),
                error_x=bars(rows, value, role),
                customdata=rows["name"],
                hovertemplate="%{customdata}: %{x:.3g}<extra>" + name + "</extra>",
                row=1,
                col=column,
            )
        values = frame[[f"{key}_{measure}" for key in rankings]].to_numpy(dtype=np.float64)
        figure.update_xaxes(title=title, type="log", **log_ticks(values), row=1, col=column)
    names = frame["name"].replace(BREAKS, regex=True)
    figure.update_yaxes(title="", showgrid=False, zeroline=False)
    figure.update_yaxes(title="Target", tickvals=places, ticktext=list(names), col=1)
    return figure


def log_ticks(values: NDArray[np.float64]) -> dict[str, object]:
    """Ticks of a log axis: at powers of ten, or at 1 and 3 where the values span less than two of them."""
    low, high = np.log10(np.nanmin(values)), np.log10(np.nanmax(values))
    if high - low >= 2:
        return {"dtick": 1}
    steps = [
        float(f"{lead}e{power}")
        for power in range(int(np.floor(low)), int(np.ceil(high)) + 1)
        for lead in (1, 3)
    ]
    return {"tickvals": steps, "ticktext": [f"{step:g}" for step in steps]}


def learning_curve(points: pd.DataFrame) -> go.Figure:
    """Lift over the base rate among items new to the user, by number of users."""
    figure = go.Figure()
    for number, (model, (name, role)) in enumerate(CURVES.items()):
        rows = points[points["model"].eq(model)].sort_values("users")
        figure.add_scatter(
            x=rows["users"] * (1 + 0.06 * (number - 1.5)),
            hovertemplate="%{customdata:,} users: %{y:.1f} times the base rate<extra>" + name + "</extra>",
            **by_users(rows, "lift", name, role),
        )
    sizes = sorted(points["users"].unique())
    figure.update_xaxes(
        title="Users of the shop", type="log", tickvals=sizes, ticktext=[f"{size:,}" for size in sizes]
    )
    figure.update_yaxes(title="Lift over the base rate", rangemode="tozero")
    return figure


def by_users(rows: pd.DataFrame, value: str, name: str, role: str) -> dict[str, object]:
    """What a line over the number of users looks like; what is told the truth is dotted."""
    return {
        "y": rows[value],
        "mode": "lines+markers",
        "name": name,
        "line": line_of(role),
        "marker": marker(role, 8),
        "error_y": bars(rows, value, role),
        "customdata": rows["users"],
    }


def sequence(points: pd.DataFrame) -> go.Figure:
    """Features, the sequence of events and both by number of users: the session's start, and the item."""
    figure = make_subplots(rows=1, cols=len(READ), horizontal_spacing=0.12)
    sizes = sorted(points["users"].unique())
    for column, (target, title) in enumerate(READ.items(), start=1):
        mine = points[points["target"].eq(target)].sort_values("users")
        for number, (model, (name, role)) in enumerate(READERS.items()):
            rows = mine[mine["model"].eq(model)]
            figure.add_scatter(
                x=rows["users"] * (1 + 0.08 * (number - 1.5)),
                legendgroup=name,
                showlegend=column == 1,
                hovertemplate="%{customdata:,} users: %{y:.3g}<extra>" + name + "</extra>",
                row=1,
                col=column,
                **by_users(rows, "value", name, role),
            )
        figure.update_yaxes(title=title, row=1, col=column)
    thousands = [f"{size // 1000:,}k" for size in sizes]
    figure.update_xaxes(title="Users of the shop", type="log", tickvals=sizes, ticktext=thousands)
    # A lift is a ratio, and wide where there are few purchases.
    lifts = points[points["target"].eq("item")]["value"].to_numpy(dtype=np.float64)
    figure.update_yaxes(type="log", **log_ticks(lifts), row=1, col=2)
    return figure
