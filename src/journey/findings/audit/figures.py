"""Figures of chapter 01."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import estimates, reference
from journey.report.style import colour


def areas(frame: pd.DataFrame) -> go.Figure:
    """Area under the curve of each choice of columns, against chance."""
    figure = estimates(
        frame,
        label="columns",
        value="auc",
        low="low",
        high="high",
        axis="Area under the ROC curve",
        tickformat=".2f",
    )
    figure.update_xaxes(range=[0.42, 1.04])
    figure.update_yaxes(title="Columns given to the model")
    reference(figure, 0.5, "chance")
    return figure


def shuffles(frame: pd.DataFrame, observed: float) -> go.Figure:
    """Areas under the curve with shuffled outcomes, and where the real one falls."""
    figure = go.Figure(
        go.Histogram(
            x=frame["auc"],
            xbins={"start": 0.44, "end": 0.56, "size": 0.005},
            marker={"color": colour("neutral")},
            hovertemplate="%{x}: %{y} shuffles<extra></extra>",
        )
    )
    figure.add_vline(
        x=observed,
        line={"color": colour("series-2"), "width": 2},
        annotation={"text": "real outcomes", "font": {"color": colour("series-2")}},
        annotation_position="top",
    )
    figure.update_xaxes(title="Area under the ROC curve", range=[0.44, 0.56])
    figure.update_yaxes(title="Number of shuffles")
    figure.update_layout(bargap=0.05, showlegend=False)
    return figure
