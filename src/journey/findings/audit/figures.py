"""Figures of chapter 01."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import estimates, reference
from journey.report.style import colour

#: Ends and number of the bins of areas with shuffled outcomes.
SHOWN, BINS = (0.44, 0.56), 24


def areas(frame: pd.DataFrame) -> go.Figure:
    """Area under the curve of each choice of columns, against chance."""
    figure = estimates(
        frame,
        label="columns",
        value="auc",
        axis="Area under the ROC curve",
        rows="Columns given to the model",
        tickformat=".2f",
    )
    figure.update_xaxes(range=[0.42, 1.04])
    reference(figure, 0.5, "chance")
    return figure


def shuffles(frame: pd.DataFrame, observed: float) -> go.Figure:
    """Areas under the curve with shuffled outcomes, and where the real one falls."""
    counts, edges = np.histogram(frame["auc"], bins=BINS, range=SHOWN)
    figure = go.Figure(
        go.Bar(
            x=(edges[1:] + edges[:-1]) / 2,
            y=counts,
            marker={"color": colour("neutral")},
            hovertemplate="%{x:.3f}: %{y} shuffles<extra></extra>",
        )
    )
    figure.add_vline(
        x=observed,
        line={"color": colour("series-2"), "width": 2},
        annotation={"text": "real outcomes", "font": {"color": colour("series-2")}},
        annotation_position="top",
    )
    figure.update_xaxes(title="Area under the ROC curve", range=SHOWN)
    figure.update_yaxes(title="Number of shuffles")
    figure.update_layout(bargap=0.05, showlegend=False)
    return figure
