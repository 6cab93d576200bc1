"""Figures of chapter 07."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.recommend.study import LENGTH
from journey.report.marks import add_beside, error_bars, marker
from journey.report.style import colour

ROLES = {
    "Most popular": "axis",
    "ALS factors": "series-3",
    "Hybrid": "series-1",
    "Oracle of tastes": "truth",
}


def methods(frame: pd.DataFrame) -> go.Figure:
    """Recall of each method with its interval, the best on top; the oracle in the colour of the truth."""
    rows = frame.sort_values("recall", kind="stable")
    oracle = rows["method"].eq("oracle")
    figure = go.Figure()
    for place, known in enumerate(oracle):
        row, role = rows.iloc[[place]], "truth" if known else "series-1"
        figure.add_scatter(
            x=row["recall"],
            y=row["name"],
            mode="markers",
            marker=marker(role),
            error_x=error_bars(row["recall"], row["recall_low"], row["recall_high"], colour(role)),
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(title="Share of later choices in a list of 20", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="Method", automargin=True)
    figure.update_layout(showlegend=False)
    return figure


def items(frame: pd.DataFrame) -> go.Figure:
    """Share of choices found, by how popular the item is, one bar a method."""
    figure = go.Figure()
    for name, role in ROLES.items():
        rows = frame[frame["name"].eq(name)]
        figure.add_bar(
            x=rows["items"],
            y=rows["found"],
            name=name,
            marker={"color": colour(role)},
            hovertemplate="%{x}: %{y:.1%}<extra>" + name + "</extra>",
        )
    figure.update_layout(barmode="group")
    figure.update_xaxes(title="Items by number of earlier contacts")
    figure.update_yaxes(title="Choices found", tickformat=".0%", rangemode="tozero")
    return figure


def history(frame: pd.DataFrame) -> go.Figure:
    """NDCG by the number of earlier contacts of the user, one line a method."""
    figure = go.Figure()
    names = ("Most popular", "ALS factors", "Oracle of tastes")
    groups = list(dict.fromkeys(frame["contacts"]))
    for place, name in enumerate(names):
        rows = frame[frame["name"].eq(name)].set_index("contacts").loc[groups]
        add_beside(figure, groups, rows, "ndcg", name, ROLES[name], 0.08 * (place - 1))
        figure.data[-1].hovertemplate = "%{customdata} contacts: %{y:.3f}<extra>" + name + "</extra>"
    figure.update_xaxes(title="Views, carts and purchases before the cut", range=[-0.4, len(groups) - 0.6])
    figure.update_yaxes(title=f"NDCG at {LENGTH}", rangemode="tozero")
    return figure
