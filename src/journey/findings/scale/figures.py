"""Figure of the appendix on rebuilding: processor time by size."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.findings.scale.collect import NAMES
from journey.report.style import colour

ROLES = ("neutral", "series-3", "series-2", "series-6", "series-5", "series-4", "series-1")
SECONDS = (0.1, 1, 10, 100, 1000)


def growth(runs: pd.DataFrame) -> go.Figure:
    """Processor seconds over raw events, a line a way; both axes logarithmic."""
    figure = go.Figure()
    for (engine, name), role in zip(NAMES.items(), ROLES, strict=True):
        rows = runs[runs["engine"] == engine].sort_values("events")
        figure.add_scatter(
            x=rows["events"],
            y=rows["processor"],
            name=name,
            mode="lines+markers",
            line={"color": colour(role), "width": 2},
            marker={"color": colour(role), "size": 8},
            hovertemplate="%{x:,} events: %{y:.1f} s<extra>" + name + "</extra>",
        )
    sizes = sorted(runs["events"].unique())
    figure.update_xaxes(
        title="Raw events, millions",
        type="log",
        tickvals=sizes,
        ticktext=[f"{size / 1e6:.2g}" for size in sizes],
    )
    ticks = {"tickvals": SECONDS, "ticktext": [f"{each:g}" for each in SECONDS]}
    figure.update_yaxes(title="Processor seconds", type="log", **ticks)
    return figure
