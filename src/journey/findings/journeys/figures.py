"""Figures of chapter 03."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import band, cell_texts, error_bars, marker
from journey.report.style import SEQUENTIAL, STRONG, colour

NODE_ROLES = {
    "search": "series-4",
    "view": "series-1",
    "add to cart": "series-3",
    "remove from cart": "series-5",
    "checkout": "series-6",
    "purchase": "series-2",
    "buy": "series-2",
    "leave": "neutral",
    "other": "axis",
}


def transitions(frame: pd.DataFrame, *, axis: str = "Next step") -> go.Figure:
    """Share of moves from each state (row) to each next state (column)."""
    columns = [name for name in frame.columns if name != "from"]
    values = frame[columns].to_numpy(dtype=float)
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=columns,
            y=frame["from"],
            colorscale=SEQUENTIAL,
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="%{y} to %{x}: %{z:.1%}<extra></extra>",
        )
    )
    cells = pd.DataFrame(values, index=frame["from"], columns=columns).stack().reset_index()
    cells.columns = pd.Index(["from", "to", "share"])
    cells = cells[cells["share"].ge(0.005)]
    texts = cells["share"].map("{:.0%}".format)
    cell_texts(figure, cells["to"], cells["from"], texts, cells["share"].gt(STRONG))
    figure.update_xaxes(title=axis)
    figure.update_yaxes(title="From", autorange="reversed")
    return figure


def sankey(links: pd.DataFrame) -> go.Figure:
    """Real paths through a session, up to the fifth different step."""
    ends = (
        pd.concat(
            [
                links[["source", "from", "from_step"]].set_axis(["node", "label", "step"], axis=1),
                links[["target", "to", "to_step"]].set_axis(["node", "label", "step"], axis=1),
            ]
        )
        .drop_duplicates("node")
        .sort_values("node")
    )
    return go.Figure(
        go.Sankey(
            node={
                "label": ends["label"].tolist(),
                "color": [colour(NODE_ROLES.get(label, "muted")) for label in ends["label"]],
                "hovertemplate": "%{label}: %{value:,} sessions<extra></extra>",
            },
            link={
                "source": links["source"].tolist(),
                "target": links["target"].tolist(),
                "value": links["sessions"].tolist(),
                "color": colour("neutral", 0.35),
                "hovertemplate": "%{source.label} to %{target.label}: %{value:,} sessions<extra></extra>",
            },
        )
    )


def survival(frame: pd.DataFrame) -> go.Figure:
    """Share of visitors with a first order by days since their first visit, one line a device."""
    figure = go.Figure()
    for number, (device, rows) in enumerate(frame.groupby("device", sort=True), start=1):
        band(figure, rows["day"], rows["low"], rows["high"], colour(f"series-{number}", 0.15))
        figure.add_scatter(
            x=rows["day"],
            y=rows["ordered"],
            name=str(device),
            line={"color": colour(f"series-{number}"), "width": 2, "shape": "hv"},
            hovertemplate="day %{x}: %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(title="Days since the first visit")
    figure.update_yaxes(title="Visitors with an order", tickformat=".0%", rangemode="tozero")
    return figure


def attribution(frame: pd.DataFrame, rules: list[str]) -> go.Figure:
    """Share of credit of each channel under some rules, against what it truly causes."""
    order = frame.groupby("channel")["truth"].first().sort_values().index
    figure = go.Figure()
    for rule, role in zip(rules, ("series-1", "series-3", "series-4"), strict=False):
        shade = colour(role)
        rows = frame[frame["rule"].eq(rule)].set_index("channel").loc[order]
        figure.add_scatter(
            x=rows["share"],
            y=[channel.replace("_", " ") for channel in order],
            mode="markers",
            name=rule,
            marker={"color": shade, "size": 10},
            error_x=error_bars(rows["share"], rows["low"], rows["high"], shade),
            hovertemplate="%{y}: %{x:.1%}<extra>" + rule + "</extra>",
        )
    truth = frame.groupby("channel")["truth"].first().loc[order]
    figure.add_scatter(
        x=truth,
        y=[channel.replace("_", " ") for channel in order],
        mode="markers",
        name="truth",
        marker=marker("truth"),
        hovertemplate="%{y}: %{x:.1%}<extra>truth</extra>",
    )
    figure.update_xaxes(title="Share of the credit", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="Channel")
    return figure


def depth(frame: pd.DataFrame) -> go.Figure:
    """Share of sessions that go on after each click."""
    figure = go.Figure(
        go.Scatter(
            x=frame["click"],
            y=frame["go_on"],
            mode="lines+markers",
            line={"color": colour("series-1"), "width": 2},
            hovertemplate="after click %{x}: %{y:.1%} go on<extra></extra>",
        )
    )
    figure.update_xaxes(title="Click of the session", dtick=5)
    figure.update_yaxes(title="Sessions that click again", tickformat=".0%", range=[0.6, 1])
    return figure
