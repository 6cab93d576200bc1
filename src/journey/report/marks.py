"""Marks that several chapters draw: estimates with intervals, and reference lines."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from journey.report.style import colour

#: Free height above or below a line that is as good as more, as a share of the height of all lines.
ROOM_FOR_A_NAME = 0.15


def estimates(
    frame: pd.DataFrame,
    *,
    label: str,
    value: str,
    low: str,
    high: str,
    axis: str,
    tickformat: str = ".1%",
    name: str = "",
    role: str = "series-1",
) -> go.Figure:
    """One dot with its interval a row, the first row on top.

    Parameters
    ----------
    label, value, low, high
        Columns of `frame`.
    axis
        Title of the value axis, with its unit.
    """
    rows = frame.iloc[::-1]
    figure = go.Figure(
        go.Scatter(
            x=rows[value],
            y=rows[label],
            mode="markers",
            name=name,
            marker=marker(role),
            error_x=error_bars(rows[value], rows[low], rows[high], colour(role)),
            hovertemplate=f"%{{y}}: %{{x:{tickformat}}}<extra></extra>",
        )
    )
    figure.update_xaxes(title=axis, tickformat=tickformat)
    figure.update_yaxes(title="", visible=True, automargin=True)
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


def band(figure: go.Figure, x: pd.Series, low: pd.Series, high: pd.Series, shade: str) -> None:
    """Fill the area between two lines, without a place in the legend."""
    figure.add_scatter(
        x=pd.concat([x, x[::-1]]),
        y=pd.concat([high, low[::-1]]),
        fill="toself",
        fillcolor=shade,
        line={"width": 0},
        showlegend=False,
        hoverinfo="skip",
    )


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


def name_lines(figure: go.Figure) -> None:
    """Write the name of each line at the line, in its colour, instead of a legend.

    The lines share their x values. A name stands above or below its line, where the next line is far away,
    and as near the middle as that allows.
    """
    lines = [trace for trace in figure.data if trace.name and trace.showlegend is not False]
    heights = np.array([trace.y for trace in lines], dtype=np.float64)
    drawn = np.concatenate([np.asarray(trace.y, dtype=np.float64) for trace in figure.data])
    enough = ROOM_FOR_A_NAME * float(np.ptp(drawn))
    count = heights.shape[1]
    inner = range(count // 3, count - count // 6)
    for place, trace in enumerate(lines):
        found = []
        for at in inner:
            for above in (True, False):
                room, leftwards = _room(heights, place, at, above=above, enough=enough)
                highest = heights[place, at] >= heights[:, at].max()
                found.append((room, -abs(at - count / 2), above == highest, above, leftwards, at))
        *_, above, leftwards, at = max(found)
        figure.add_annotation(
            x=trace.x[at],
            y=trace.y[at],
            text=trace.name,
            font={"color": trace.line.color},
            xanchor="right" if leftwards else "left",
            yanchor="bottom" if above else "top",
            yshift=2 if above else -2,
            showarrow=False,
        )
    figure.update_layout(showlegend=False)


def _room(
    heights: NDArray[np.float64], place: int, at: int, *, above: bool, enough: float
) -> tuple[float, bool]:
    """Free height for a name at a point of a line, and whether it ends there instead of beginning there.

    A name goes away from where its line goes: above a rising line it ends at the point.
    """
    side, reach = (1 if above else -1), heights.shape[1] // 5
    own = heights[place]
    rising = own[min(at + 3, len(own) - 1)] > own[at - 3]
    window = slice(max(at - reach, 0), at + 1) if rising == above else slice(at, at + reach + 1)
    others = side * (np.delete(heights, place, axis=0)[:, window] - own[at])
    free = float(others[others > 0].min(initial=np.inf))
    return min(free, enough) - float((side * (own[window] - own[at])).max()), rising == above


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
    figure: go.Figure, at: float, text: str, *, horizontal: bool = False, position: str = "top"
) -> None:
    """Draw a dashed line with a short label at a value every reader should compare with."""
    line = {"color": colour("muted"), "dash": "dash", "width": 1}
    note = {"text": text, "font": {"color": colour("muted")}}
    if horizontal:
        figure.add_hline(y=at, line=line, annotation=note)
    else:
        figure.add_vline(x=at, line=line, annotation=note, annotation_position=position)
