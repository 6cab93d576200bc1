"""Figures of chapter 12."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.sketch import Mark, sketch
from journey.report.style import colour

MEASURED, ASSUMED = "series-1", "series-4"


def ranked(frame: pd.DataFrame) -> str:
    """Expected worth of every decision with its interval, the highest first; `frame` as findings saved it."""
    return sketch(
        [
            Mark(
                str(row.decision),
                float(row.expected),
                str(row.worth).partition(" ")[0],
                "series-1" if row.expected > 0 else "series-3",
                float(row.low),
                float(row.high),
            )
            for row in frame.itertuples()
        ]
    )


def tornado(frame: pd.DataFrame) -> go.Figure:
    """Worth of each decision from the low to the high end of each input, the widest swing of each first."""
    figure = go.Figure()
    rows = frame.assign(
        label=frame["short"] + ": " + frame["input"],
        least=frame[["at_low", "at_high"]].min(axis=1),
        most=frame[["at_low", "at_high"]].max(axis=1),
    )
    for kind, role in (("measured", MEASURED), ("assumed", ASSUMED)):
        part = rows[rows["kind"].eq(kind)]
        figure.add_bar(
            orientation="h",
            y=part["label"],
            x=part["most"] - part["least"],
            base=part["least"],
            name=kind,
            marker={"color": colour(role)},
            customdata=part[["least", "most"]].to_numpy(),
            hovertemplate="%{y}\n€%{customdata[0]:,.0f} to €%{customdata[1]:,.0f}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": colour("muted"), "width": 1})
    figure.update_xaxes(title="Worth in 90 days, EUR, as one input goes from its low to its high end")
    figure.update_yaxes(
        title="Decision: input",
        categoryorder="array",
        categoryarray=list(rows["label"][::-1]),
        showgrid=False,
    )
    figure.update_layout(barmode="overlay")
    return figure
