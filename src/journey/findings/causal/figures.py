"""Figures of chapter 10."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from journey.report.marks import estimates, in_points, reference, truth_line
from journey.report.style import colour

COVARIATE_NAMES = {
    "sessions before": "sessions so far",
    "sessions 7": "sessions in 7 days",
    "sessions 30": "sessions in 30 days",
    "abandoned 7": "carts not bought at once, 7 days",
    "abandoned a cart within 7 days": "any such cart, 7 days",
    "cart waiting": "cart left in 7 days still waiting",
    "days since last": "days since the last visit",
    "orders before": "orders so far",
    "week 7": "calendar week 7",
}

#: Ticks of an axis of counts in powers of ten.
COUNTS = (1, 10, 100, 1000, 10_000)


def effects(frame: pd.DataFrame, truth: float) -> go.Figure:
    """Estimate of each method with its interval, and the truth."""
    axis = "Effect on the share of sessions that buy"
    figure = estimates(frame, label="method", value="estimate", axis=axis, rows="Method")
    truth_line(figure, truth)
    figure.update_xaxes(rangemode="tozero", tickformat=".0%")
    in_points(figure, "x")
    return figure


def balance(frame: pd.DataFrame) -> go.Figure:
    """Standardised mean differences before and after weighting."""
    rows = frame.iloc[::-1].assign(covariate=frame["covariate"].replace(COVARIATE_NAMES))
    figure = go.Figure()
    for column, role, name in (("before", "axis", "as observed"), ("after", "series-1", "weighted")):
        figure.add_scatter(
            x=rows[column],
            y=rows["covariate"],
            mode="markers",
            name=name,
            marker={"color": colour(role), "size": 10},
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    for limit in (-0.1, 0.1):
        reference(figure, limit, f"{limit:+.1f}".replace("-", "−"))
    figure.update_xaxes(title="Standardised mean difference, coupon minus no coupon")
    figure.update_yaxes(title="Covariate")
    return figure


def overlap(frame: pd.DataFrame) -> go.Figure:
    """Sessions by propensity score with and without a coupon; a log axis, for a few are what matters."""
    figure = go.Figure()
    for column, role, name in (("no_coupon", "axis", "no coupon"), ("coupon", "series-1", "coupon")):
        rows = frame[frame[column].gt(0)]
        figure.add_scatter(
            x=rows["score"],
            y=rows[column],
            name=name,
            mode="lines+markers",
            line={"color": colour(role), "width": 2},
            marker={"color": colour(role), "size": 8},
            hovertemplate="%{x:.3f}: %{y:,} sessions<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title="Estimated probability of a coupon, in twentieths", range=[0, 1])
    figure.update_yaxes(
        title="Sessions, log axis", type="log", tickvals=COUNTS, ticktext=[f"{each:,}" for each in COUNTS]
    )
    return figure


def bias(frame: pd.DataFrame) -> go.Figure:
    """Bias of the estimate, adjusted for more and more, with intervals."""
    axis = "Estimate less truth, share of sessions that buy"
    figure = estimates(
        frame, label="adjusted_for", value="bias", axis=axis, rows="Adjusted for", role="truth"
    )
    reference(figure, 0.0, "no bias")
    in_points(figure, "x")
    return figure
