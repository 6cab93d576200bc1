"""Marks of the traces: points with error bars, lines, areas, bars, cells."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from journey.report.drawing.axes import Axis, Spec, base_of, limits, mode_of, step_of
from journey.report.drawing.formats import hover
from journey.report.drawing.paper import line, number, paint, ramp, rectangle, stroke, write
from journey.report.style import STRONG

if TYPE_CHECKING:
    from journey.report.drawing.sheet import Sheet

#: From so many points on they are dots of one path a colour.
MANY = 150
Points = list[tuple[float, float] | None]
Stroke = tuple[float, float, float, float]


#: Corners of marks around a point, in radii, by what Plotly calls them; a circle has none.
CORNERS = {
    "square": "-1 -1 1 -1 1 1 -1 1",
    "diamond": "0 -1.3 1.3 0 0 1.3 -1.3 0",
    "triangle-up": "-1.15 0.6 1.15 0.6 0 -1.2",
    "cross": "-1.2 -0.4 -0.4 -0.4 -0.4 -1.2 0.4 -1.2 0.4 -0.4 1.2 -0.4 "
    "1.2 0.4 0.4 0.4 0.4 1.2 -0.4 1.2 -0.4 0.4 -1.2 0.4",
    "x": "-1 -0.5 -0.5 -1 0 -0.5 0.5 -1 1 -0.5 0.5 0 1 0.5 0.5 1 0 0.5 -0.5 1 -1 0.5 -0.5 0",
    "star": "0 -1.3 0.382 -0.526 1.236 -0.402 0.618 0.201 0.764 1.052 "
    "0 0.65 -0.764 1.052 -0.618 0.201 -1.236 -0.402 -0.382 -0.526",
}


def mark(symbol: str, x: float, y: float, size: float) -> str:
    """One mark of a diameter of `size` pixels."""
    if symbol == "circle":
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size / 2)}"/>'
    given = [size / 2 * float(each) for each in CORNERS[symbol].split()]
    corners = zip(given[::2], given[1::2], strict=True)
    return f'<path d="M{"L".join(f"{number(x + dx)} {number(y + dy)}" for dx, dy in corners)}z"/>'


def draw_trace(sheet: Sheet, trace: Spec, place: int) -> Iterator[str]:
    """SVG of a trace; `place` is its number among the bars that stand side by side."""
    x, y = axes_of(sheet, trace)
    if trace["type"] == "heatmap":
        yield from _cells(sheet, trace, x, y)
    elif trace["type"] == "bar":
        yield from _bars(sheet, trace, x, y, place)
    else:
        yield from _scatter(sheet, trace)


def axes_of(sheet: Sheet, trace: Spec) -> tuple[Axis, Axis]:
    """The axes of a trace."""
    return sheet.axes[trace.get("xaxis", "x")], sheet.axes[trace.get("yaxis", "y")]


def places_of(sheet: Sheet, trace: Spec) -> Points:
    """Pixels of the points of a trace; None for a gap."""
    x, y = axes_of(sheet, trace)
    both = (
        (sheet.pixel(x, one), sheet.pixel(y, two)) for one, two in zip(trace["x"], trace["y"], strict=True)
    )
    return [None if across is None or up is None else (across, up) for across, up in both]


def _scatter(sheet: Sheet, trace: Spec) -> Iterator[str]:
    places = places_of(sheet, trace)
    mode, pen = mode_of(trace), trace.get("line", {})
    if trace.get("fill"):
        yield f'<path {paint(trace.get("fillcolor"))} d="{_line(places)}z"/>'
    if "lines" in mode and pen.get("width", 2):
        path = _line(places, steps=pen.get("shape") == "hv")
        yield stroke(path, pen["color"], pen.get("width", 2), pen.get("dash"), ' stroke-linejoin="round"')
    for bars, strokes in errors_of(sheet, trace):
        path = "".join(line(*each) for each in strokes)
        yield stroke(path, bars.get("color", ""), bars.get("thickness", 2))
    if "markers" in mode:
        yield from _markers(trace, places)
    if "text" in mode:
        font = trace.get("textfont", {})
        shown = [(each, text) for each, text in zip(places, trace["text"], strict=True) if each]
        texts = "".join(write(at[0], at[1] + 4, [str(text)], anchor="middle") for at, text in shown)
        yield f"<g {paint(font.get('color'))}>{texts}</g>"


def _line(places: Points, *, steps: bool = False) -> str:
    """A path through the points, a new one after each gap."""
    path, before = "", None
    for at in places:
        if at is not None:
            here = f"{number(at[0])} {number(at[1])}"
            if before is None:
                path += f"M{here}"
            elif steps:
                path += f"H{number(at[0])}" + ("" if before[1] == at[1] else f"V{number(at[1])}")
            else:
                path += f"L{here}"
        before = at
    return path


def errors_of(sheet: Sheet, trace: Spec) -> Iterator[tuple[Spec, list[Stroke]]]:
    """Error bars of a trace as straight strokes, along each axis that has them."""
    x, y = axes_of(sheet, trace)
    for axis in (x, y):
        bars = trace.get(f"error_{axis.letter}") or {}
        strokes: list[Stroke] = []
        for place, up in enumerate(bars.get("array") or ()):
            one, two = trace["x"][place], trace["y"][place]
            value = one if axis is x else two
            down = bars["arrayminus"][place]
            if value is None or (not up and not down):
                continue
            ends = [value - (down or 0), value + (up or 0)]
            places = [sheet.pixel(axis, end) for end in ends]
            # An interval that reaches zero on a logarithmic axis goes to its end.
            low, high = (sheet.along(axis, 0.0) if each is None else each for each in places)
            level = sheet.pixel(y, two) if axis is x else sheet.pixel(x, one)
            if level is not None:
                strokes.append((low, level, high, level) if axis is x else (level, low, level, high))
        yield bars, strokes


def _markers(trace: Spec, places: Points) -> Iterator[str]:
    dot = trace.get("marker", {})
    shade, size, symbol = (
        dot.get("color") or trace["line"]["color"],
        dot.get("size", 6),
        dot.get("symbol", "circle"),
    )
    if dot.get("colorscale"):
        low, high = dot["cmin"], dot["cmax"]
        shade = [ramp((value - low) / (high - low)) for value in shade]
    groups: dict[str, list[str]] = {}
    dots: dict[str, set[tuple[int, int]]] = {}
    for row, at in enumerate(places):
        if at is None:
            continue
        colour = shade[row] if isinstance(shade, list) else shade
        paints = f'fill="{colour}"' if colour.startswith(("var", "color")) else paint(colour)
        diameter = size[row] if isinstance(size, list) else size
        if len(places) > MANY:
            dots.setdefault(paints, set()).add((round(at[1]), round(at[0])))
        else:
            groups.setdefault(paints, []).append(mark(symbol, *at, diameter))
    for paints, points in dots.items():
        pen = paints.replace("fill", "stroke", 1)
        yield f'<path {pen} stroke-width="{size}" stroke-linecap="round" d="{_dots(sorted(points))}"/>'
    for paints, shapes in groups.items():
        yield f"<g {paints}>{''.join(shapes)}</g>"


def _dots(points: list[tuple[int, int]]) -> str:
    """Points without length, each from the one before, which a round pen makes dots of whole pixels."""
    path, x, y = "", 0, 0
    for down, across in points:
        path += f"{'m' if path else 'M'}{across - x} {down - y}h0"
        x, y = across, down
    return path


def _bars(sheet: Sheet, trace: Spec, x: Axis, y: Axis, place: int) -> Iterator[str]:
    flat = trace.get("orientation") == "h"
    along, across = (y, x) if flat else (x, y)
    starts, wide = _beside(sheet, trace, along, place)
    path, texts = "", ""
    for row, (start, value) in enumerate(zip(starts, trace[across.letter], strict=True)):
        if value is None:
            continue
        base = base_of(trace, row)
        sides = [sheet.along(along, along.at(start + part * wide)) for part in (0, 1)]
        ends = [sheet.along(across, across.at(each)) for each in (base, base + value)]
        (left, right), (top, bottom) = map(sorted, (ends, sides) if flat else (sides, ends))
        path += rectangle(left, top, max(right - left, 0.6), max(bottom - top, 0.6))
        if trace.get("textposition") == "outside":
            texts += write(right + 5, (top + bottom) / 2 + 4, [str(trace["text"][row])])
    yield f'<path {paint(trace["marker"]["color"])} d="{path}"/>{texts}'


def _beside(sheet: Sheet, trace: Spec, along: Axis, place: int) -> tuple[list[float], float]:
    """Where each bar begins and how wide it is, in units: bars of one panel stand side by side."""
    layout = sheet.spec["layout"]
    panel = trace.get("xaxis"), trace.get("yaxis")
    group = [
        one
        for one in sheet.spec["data"]
        if one["type"] == "bar" and (one.get("xaxis"), one.get("yaxis")) == panel
    ]
    count, place = (1, 0) if layout.get("barmode") == "overlay" else (len(group), place)
    step = step_of([along.unit(each) or 0.0 for one in group for each in one[along.letter]])
    room = (1 - layout.get("bargap", layout["template"]["layout"]["bargap"])) * step
    room *= 0.5 if sheet.above else 1  # The names stand between the bars.
    wide = room / count
    return [(along.unit(each) or 0.0) - room / 2 + wide * place for each in trace[along.letter]], wide


def _cells(sheet: Sheet, trace: Spec, x: Axis, y: Axis) -> Iterator[str]:
    """A cell a value; on a wide sheet pointing at one tells its value."""
    low, high = limits(trace)
    columns, rows = _edges(sheet, x, trace["x"]), _edges(sheet, y, trace["y"])
    groups: dict[str, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for i, row in enumerate(trace["z"]):
        for j, value in enumerate(row):
            if value is None:
                continue
            (left, right), (top, bottom) = columns[j], rows[i]
            share = (value - low) / ((high - low) or 1)
            box = rectangle(left, top, right - left, bottom - top)
            hint = hover(trace["hovertemplate"], {"x": trace["x"][j], "y": trace["y"][i], "z": value})
            cell = box if sheet.narrow else f'<path d="{box}"><title>{html.escape(hint)}</title></path>'
            groups.setdefault(ramp(share), []).append(cell)
            if trace.get("texttemplate"):
                middle = (left + right) / 2, (top + bottom) / 2 + 4
                said = write(*middle, [str(trace["text"][i][j])], anchor="middle")
                texts.setdefault("@paper" if share > STRONG else "@ink", []).append(said)
    for shade, cells in groups.items():
        inside = "".join(cells)
        yield f'<path fill="{shade}" d="{inside}"/>' if sheet.narrow else f'<g fill="{shade}">{inside}</g>'
    for role, each in texts.items():
        # The text lets the pointer through to the cell.
        yield f'<g {paint(role)} pointer-events="none">{"".join(each)}</g>'


def _edges(sheet: Sheet, axis: Axis, values: list[Any]) -> list[list[float]]:
    """Pixels of both sides of the cells of each column or row, the lesser first."""
    units = [axis.unit(each) or 0.0 for each in values]
    half = step_of(units) / 2
    return [sorted(sheet.along(axis, axis.at(unit + side * half)) for side in (-1, 1)) for unit in units]
