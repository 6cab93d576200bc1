"""Marks that several chapters draw: estimates with intervals, and reference lines."""

from __future__ import annotations

import re

import pandas as pd
import plotly.graph_objects as go

from journey.report.style import colour


def estimates(
    frame: pd.DataFrame,
    *,
    label: str,
    value: str,
    low: str = "low",
    high: str = "high",
    axis: str,
    rows: str = "",
    tickformat: str = ".1%",
    role: str = "series-1",
) -> go.Figure:
    """One dot with its interval a row, the first row on top.

    Parameters
    ----------
    label, value, low, high
        Columns of `frame`.
    axis
        Title of the value axis, with its unit.
    rows
        Title of the axis of labels.
    """
    frame = frame.iloc[::-1]
    figure = go.Figure(
        go.Scatter(
            x=frame[value],
            y=frame[label],
            mode="markers",
            name="",
            marker=marker(role),
            error_x=error_bars(frame[value], frame[low], frame[high], colour(role)),
            hovertemplate=f"%{{y}}: %{{x:{tickformat}}}<extra></extra>",
        )
    )
    figure.update_xaxes(title=axis, tickformat=tickformat)
    figure.update_yaxes(title=rows, visible=True, automargin=True)
    figure.update_layout(showlegend=False)
    return figure


def error_bars(
    value: pd.Series, low: pd.Series, high: pd.Series, shade: str, *, thickness: float = 2
) -> dict[str, object]:
    """Plotly's error bars from the bounds of an interval, without end strokes."""
    return {
        "type": "data",
        "symmetric": False,
        "array": high - value,
        "arrayminus": value - low,
        "color": shade,
        "thickness": thickness,
        "width": 0,
    }


def band(
    figure: go.Figure, x: pd.Series, low: pd.Series, high: pd.Series, shade: str, **legend: object
) -> None:
    """Fill the area between two lines, without a place in the legend unless `legend` gives it one."""
    figure.add_scatter(
        x=pd.concat([x, x[::-1]]),
        y=pd.concat([high, low[::-1]]),
        fill="toself",
        fillcolor=shade,
        line={"width": 0},
        hoverinfo="skip",
        **legend or {"showlegend": False},
    )


def cell_texts(
    figure: go.Figure, x: pd.Series, y: pd.Series, text: pd.Series, strong: pd.Series, **font: object
) -> None:
    """Write into the cells of a heat map, of which some are `strong`.

    Plotly's own contrast is too weak in dark mode; these two roles swap with the ramp.
    """
    for shown, role in ((~strong, "ink"), (strong, "paper")):
        figure.add_scatter(
            x=x[shown],
            y=y[shown],
            text=text[shown],
            mode="text",
            textfont={"color": colour(role), **font},
            showlegend=False,
            hoverinfo="skip",
        )


def add_beside(
    figure: go.Figure, groups: list[str], rows: pd.DataFrame, value: str, name: str, role: str, shift: float
) -> None:
    """Draw a line over named groups, a little to the side, so that intervals do not hide each other."""
    figure.add_scatter(
        x=[number + shift for number in range(len(groups))],
        y=rows[value],
        name=name,
        mode="lines+markers",
        marker=marker(role, 9),
        line=line_of(role),
        error_y=error_bars(rows[value], rows["low"], rows["high"], colour(role), thickness=1.5),
        customdata=groups,
    )
    figure.update_xaxes(tickmode="array", tickvals=list(range(len(groups))), ticktext=groups, zeroline=False)


def line_of(role: str) -> dict[str, object]:
    """The line of a role; what only the simulation knows is dotted."""
    return {"color": colour(role), "width": 2, "dash": "dot" if role == "truth" else "solid"}


def truth_line(
    figure: go.Figure, at: float, text: str = "truth", *, horizontal: bool = False, position: str = "top"
) -> None:
    """Draw the truth as a dotted line with its label: no estimate looks so."""
    line = {"color": colour("truth"), "dash": "dot", "width": 2}
    note = {"text": text, "font": {"color": colour("truth")}}
    if horizontal:
        figure.add_hline(y=at, line=line, annotation=note)
    else:
        figure.add_vline(x=at, line=line, annotation=note, annotation_position=position)


def marker(role: str, size: int = 10) -> dict[str, object]:
    """The marker of a role; what only the simulation knows is a diamond."""
    return {"color": colour(role), "symbol": "diamond" if role == "truth" else "circle", "size": size}


def in_points(figure: go.Figure, *letters: str) -> None:
    """Write axes (`x`, `y`) of differences between shares in percentage points, not in percent."""
    for letter in letters:
        for trace in figure.data:
            trace[letter] = [None if each is None else 100 * each for each in trace[letter]]
            bars = trace[f"error_{letter}"]
            if bars.array is not None:
                bars.array = [100 * each for each in bars.array]
                bars.arrayminus = [100 * each for each in bars.arrayminus]
            if trace.hovertemplate:
                trace.hovertemplate = re.sub(
                    rf"%{{{letter}:([^}}]*?)%}}", rf"%{{{letter}:.2f}} pp", trace.hovertemplate
                )
        marked = [*figure.layout.shapes, *figure.layout.annotations]
        for mark in (each for each in marked if str(each[f"{letter}ref"] or letter) == letter):
            for end in (letter, f"{letter}0", f"{letter}1"):
                if end in mark and mark[end] is not None:
                    mark[end] = 100 * mark[end]
        axis = figure.layout[f"{letter}axis"]
        axis.update(tickformat=".3~g", ticksuffix=" pp")
        if axis.range is not None:
            axis.range = [100 * end for end in axis.range]


def reference(
    figure: go.Figure,
    at: float,
    text: str,
    *,
    horizontal: bool = False,
    position: str = "top",
    row: int | None = None,
) -> None:
    """Draw a dashed line with a short label at a value every reader should compare with.

    Parameters
    ----------
    row
        The only row of panels that a horizontal line stands in.
    """
    line = {"color": colour("muted"), "dash": "dash", "width": 1}
    note = {"text": text, "font": {"color": colour("muted")}}
    if horizontal:
        # Lines that are watched reach the right end last.
        where = {"row": row, "col": 1} if row else {}
        figure.add_hline(y=at, line=line, annotation=note, annotation_position="top left", **where)
    else:
        figure.add_vline(x=at, line=line, annotation=note, annotation_position=position)
