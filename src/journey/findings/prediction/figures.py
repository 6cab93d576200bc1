"""Figures of chapter 05."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.special import expit, logit

from journey.report.marks import error_bars, marker, reference
from journey.report.style import SEQUENTIAL, colour

DECISION_ROLES = ("series-1", "series-2", "series-3")
MODEL_ROLES = {
    "base rate": "neutral",
    "bought before": "muted",
    "last visit": "series-4",
    "logistic regression": "series-3",
    "XGBoost": "series-2",
    "mean of both": "series-1",
}


def areas(frame: pd.DataFrame) -> go.Figure:
    """Area under the ROC curve of every model at every decision, with intervals."""
    figure = go.Figure()
    decisions = list(dict.fromkeys(frame["decision"]))
    models = [model for model in MODEL_ROLES if model in set(frame["model"]) and model != "base rate"]
    for number, model in enumerate(models):
        rows = frame[frame["model"].eq(model)].set_index("decision").loc[decisions]
        shift = 0.14 * (number - (len(models) - 1) / 2)
        role = MODEL_ROLES[model]
        figure.add_scatter(
            x=rows["roc_auc"],
            y=np.arange(len(decisions))[::-1] - shift,
            mode="markers",
            name=model,
            marker={"color": colour(role), "size": 9},
            error_x=error_bars(rows["roc_auc"], rows["roc_auc_low"], rows["roc_auc_high"], colour(role)),
            customdata=decisions,
            hovertemplate="%{customdata}: %{x:.3f}<extra>" + model + "</extra>",
        )
    figure.update_xaxes(title="Area under the ROC curve, test period", tickformat=".2f")
    figure.update_yaxes(
        title="Moment",
        tickvals=list(range(len(decisions)))[::-1],
        ticktext=decisions,
        showgrid=False,
        zeroline=False,
    )
    reference(figure, 0.5, "chance")
    return figure


def ceilings(frame: pd.DataFrame) -> go.Figure:
    """What the oracle loses, step by step, down to the model."""
    rows = frame.iloc[::-1]
    figure = go.Figure()
    for known, name in ((True, "knows the truth"), (False, "our model")):
        part = rows[rows["knows"].ne("our model") == known]
        role = "truth" if known else "series-1"
        figure.add_scatter(
            x=part["auc"],
            y=part["knows"],
            mode="markers",
            name=name,
            marker=marker(role),
            error_x=error_bars(part["auc"], part["low"], part["high"], colour(role)),
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    figure.update_xaxes(title="Area under the ROC curve at session start", tickformat=".2f")
    figure.update_yaxes(title="Who predicts", categoryorder="array", categoryarray=list(rows["knows"]))
    figure.update_layout(showlegend=False)
    return figure


def reliability(frame: pd.DataFrame) -> go.Figure:
    """Predicted against observed shares in bins of equal mass; the diagonal is perfect."""
    figure = go.Figure()
    top = float(max(frame["high"].max(), frame["predicted"].max())) * 1.05
    figure.add_scatter(
        x=[0, top],
        y=[0, top],
        mode="lines",
        line={"color": colour("muted"), "dash": "dash", "width": 1},
        name="perfect",
        hoverinfo="skip",
    )
    for (decision, rows), role in zip(frame.groupby("decision", sort=False), DECISION_ROLES, strict=False):
        figure.add_scatter(
            x=rows["predicted"],
            y=rows["observed"],
            mode="lines+markers",
            name=str(decision),
            line={"color": colour(role), "width": 2},
            marker={"size": 8},
            error_y=error_bars(rows["observed"], rows["low"], rows["high"], colour(role)),
            hovertemplate="predicted %{x:.1%}, observed %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(title="Predicted share of buyers", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="Observed share of buyers", tickformat=".0%", rangemode="tozero")
    return figure


#: Chances that an axis of log-odds names, spaced about evenly there.
MARKS = np.array(
    [0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999]
)

#: The ramp without its first step, which is nearly the colour of the page.
SEEN = [[step / 3, SEQUENTIAL[step + 1][1]] for step in range(4)]


def swarm(frame: pd.DataFrame) -> go.Figure:
    """Contributions of sampled sessions, one line of points a feature, shaded by the feature's value."""
    features = list(dict.fromkeys(frame["feature"]))[::-1]
    place = frame["feature"].map({name: number for number, name in enumerate(features)})
    figure = go.Figure(
        go.Scatter(
            # Rounded to what can be seen and read off: the points are most of the page's weight.
            x=frame["contribution"].round(2),
            y=(place + 0.38 * frame["offset"]).round(2),
            mode="markers",
            marker={
                "size": 5,
                "color": frame["rank"].round(2),
                "colorscale": SEEN,
                "cmin": 0,
                "cmax": 1,
                "line": {"width": 0.4, "color": colour("axis")},
                "colorbar": {
                    "title": "Value",
                    "tickvals": [0, 1],
                    "ticktext": ["low", "high"],
                },
            },
            customdata=np.column_stack([frame["feature"], frame["value"].round(3)]),
            hovertemplate="%{customdata[0]} = %{customdata[1]}: %{x:+.2f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": colour("axis"), "width": 1})
    figure.update_xaxes(title="Contribution to the log-odds of a purchase", tickformat="+.1f")
    figure.update_yaxes(
        title="Feature",
        tickvals=list(range(len(features))),
        ticktext=[name.replace("_", " ") for name in features],
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(showlegend=False)
    return figure


#: What a step of one session's chance is -> its colour.
KINDS = {"the average session": "neutral", "raises the chance": "series-1", "lowers it": "series-2"}


def single(frame: pd.DataFrame) -> go.Figure:
    """From the average session's chance to those of two single ones: contributions as steps, on log-odds."""
    sessions = list(dict.fromkeys(frame["session"]))
    titles = {"buyer": "It bought", "other": "It did not buy"}
    figure = make_subplots(
        rows=len(sessions), cols=1, subplot_titles=[titles[name] for name in sessions], vertical_spacing=0.16
    )
    ends = frame.groupby("session", sort=False)["contribution"].cumsum()
    axis = chances(float(ends.min()), float(ends.max()))
    for number, name in enumerate(sessions, start=1):
        rows = _stepped(frame[frame["session"].eq(name)], axis["range"][0])
        named = {trace.name for trace in figure.data}
        for words, role in KINDS.items():
            part = rows[rows["kind"].eq(words)]
            if part.empty:
                continue
            figure.add_bar(
                orientation="h",
                y=part["label"],
                x=part["after"] - part["starts"],
                base=part["starts"],
                name=words,
                legendgroup=words,
                showlegend=words not in named,
                marker={"color": colour(role)},
                customdata=expit(part["after"]),
                hovertemplate="%{y}: then %{customdata:.0%}<extra></extra>",
                row=number,
                col=1,
            )
        figure.update_yaxes(categoryorder="array", categoryarray=list(rows["label"]), row=number, col=1)
    # One scale for both, so that the eye may compare them.
    figure.update_xaxes(title="Chance of a purchase, spaced by log-odds", zeroline=False, **axis)
    figure.update_yaxes(title="Feature", autorange="reversed", showgrid=False)
    figure.update_layout(barmode="overlay")
    return figure


def _stepped(rows: pd.DataFrame, left: float) -> pd.DataFrame:
    """One session's steps with a label and the log-odds where each starts and ends."""
    labels = [
        feature.replace("_", " ") + ("" if pd.isna(value) else f" = {value:.3g}")
        for feature, value in zip(rows["feature"], rows["value"], strict=True)
    ]
    after = rows["contribution"].cumsum()
    # The bar of the average session has no beginning of its own: log-odds go down without end.
    average, raises, lowers = KINDS
    moved = np.where(rows["contribution"] >= 0, raises, lowers)
    kind = [average, *moved[1:]]
    return rows.assign(label=labels, starts=after.shift(fill_value=left), after=after, kind=kind)


def chances(low: float, high: float) -> dict[str, Any]:
    """Range and marks in percent of an axis of log-odds that holds `low` to `high`."""
    places = logit(MARKS)
    first, last = (int(np.searchsorted(places, end)) for end in (low, high))
    inside = slice(max(first - 1, 0), last + 1)
    shown = places[inside]
    return {
        "range": [float(shown[0]), float(shown[-1])],
        "tickvals": shown.tolist(),
        "ticktext": [f"{100 * chance:g}%" for chance in MARKS[inside]],
    }


def slices(frame: pd.DataFrame) -> go.Figure:
    """Area under the ROC curve and calibration ratio of each slice."""
    rows = frame.iloc[::-1]
    labels = [
        f"{dimension.lower()}: {name.replace('_', ' ')}"
        for dimension, name in zip(rows["dimension"], rows["slice"], strict=True)
    ]
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.06,
        subplot_titles=["Ranking", "Predicted over observed"],
    )
    for column, (metric, axis) in enumerate(
        (("roc_auc", "Area under the ROC curve"), ("ratio", "Ratio, 1 is right")), start=1
    ):
        role = DECISION_ROLES[column - 1]
        figure.add_trace(
            go.Scatter(
                x=rows[metric],
                y=labels,
                mode="markers",
                marker={"color": colour(role), "size": 9},
                error_x=error_bars(rows[metric], rows[f"{metric}_low"], rows[f"{metric}_high"], colour(role)),
                hovertemplate="%{y}: %{x:.2f}<extra></extra>",
                showlegend=False,
            ),
            row=1,
            col=column,
        )
        figure.update_xaxes(title=axis, row=1, col=column)
    figure.add_vline(x=1, line={"color": colour("muted"), "dash": "dash", "width": 1}, row=1, col=2)
    figure.update_yaxes(title="Slice", row=1, col=1)
    return figure
