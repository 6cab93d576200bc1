"""The legend above a drawing: what each colour, mark and line means, in rows that fit the width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from journey.report.drawing.axes import Spec, limits, mode_of
from journey.report.drawing.marks import mark
from journey.report.drawing.paper import (
    LINE,
    lines_of,
    number,
    paint,
    ramp,
    rectangle,
    stroke,
    text_width,
    write,
)

SAMPLE, BETWEEN, ROW = 22.0, 18.0, 19.0


@dataclass
class Legend:
    """Entries with their places, and the height that they take."""

    parts: list[str]
    height: float


def legend(spec: Spec, width: float, *, named: bool) -> Legend:
    """Legend of a figure; nothing where there is nothing to tell apart.

    Parameters
    ----------
    named
        Whether lines have their names beside them, so that it leaves them out.
    """
    entries = [trace for trace in entries_of(spec) if not (named and is_line(trace))]
    parts: list[str] = []
    x, y = 0.0, 10.0
    for trace in entries:
        text = " ".join(lines_of(trace["name"]))
        wide = SAMPLE + text_width(text)
        if x and x + wide > width:
            x, y = 0.0, y + ROW
        parts += [*_sample(trace, x, y), write(x + SAMPLE, y + 4, [text])]
        x += wide + BETWEEN
    height = y + ROW - 4 if entries else 0.0
    if scale := _scale(spec):
        parts += _colours(*scale, height)
        height += ROW + 2
    return Legend(parts, height)


def is_line(trace: Spec) -> bool:
    """Whether a trace is drawn as a line, which a name can stand at."""
    drawn = trace["type"] == "scatter" and not trace.get("fill") and "lines" in mode_of(trace)
    return bool(drawn and trace["line"].get("width", 2))


def entries_of(spec: Spec) -> list[Spec]:
    """The traces that a reader has to tell apart, one of each group."""
    layout = spec["layout"]
    named = [trace for trace in spec["data"] if trace.get("name") and trace.get("showlegend") is not False]
    if layout.get("showlegend") is False or (
        len(named) < 2 and not any("showlegend" in one for one in named)
    ):
        return []
    return list(
        {
            trace.get("legendgroup", number(place)): trace
            for place, trace in reversed(list(enumerate(named)))
        }.values()
    )[::-1]


def _sample(trace: Spec, x: float, y: float) -> list[str]:
    if trace["type"] == "bar":
        return [f'<path {paint(trace["marker"]["color"])} d="{rectangle(x + 1, y - 5, 14, 10)}"/>']
    if trace.get("fill"):
        return [f'<path {paint(trace.get("fillcolor"))} d="{rectangle(x + 1, y - 5, 14, 10)}"/>']
    mode, pen, dot = mode_of(trace), trace.get("line", {}), trace.get("marker", {})
    parts = []
    if "lines" in mode:
        path = f"M{number(x)} {number(y)}h16"
        parts.append(stroke(path, pen["color"], pen.get("width", 2), pen.get("dash")))
    if "markers" in mode:
        shade = dot.get("color") or pen.get("color")
        parts.append(
            f"<g {paint(shade)}>{mark(dot.get('symbol', 'circle'), x + 8, y, min(dot.get('size', 6), 9))}</g>"
        )
    return parts


def _scale(spec: Spec) -> tuple[str, str, str] | None:
    """Title and ends of a scale of colours that is shown."""
    for trace in spec["data"]:
        if trace["type"] == "heatmap" and trace.get("showscale") is not False:
            low, high = limits(trace)
            return trace["colorbar"]["title"]["text"], f"{low:,g}", f"{high:,g}"
        bar: Any = trace.get("marker", {}).get("colorbar")
        if bar:
            return bar["title"]["text"], *bar["ticktext"]
    return None


def _colours(name: str, low: str, high: str, top: float) -> list[str]:
    """A strip of colours with its ends named."""
    y = top + LINE - 1
    start = text_width(f"{name}: {low}") + 8
    strip = [
        f'<path fill="{ramp(step / 20)}" d="{rectangle(start + 5 * step, y - 9, 5.3, 10)}"/>'
        for step in range(21)
    ]
    return [write(0, y, [f"{name}: {low}"]), *strip, write(start + 113, y, [high])]
