"""Names of lines at the lines, so that nobody has to match colours with a legend.

Room is measured on the drawing itself: what is drawn becomes points a few pixels apart. A name may stand
where none of them is near, and where its own line is clearly the nearest. Where a line has no such place,
names go to the ends of the lines, and where these are not at the right or on a phone, into the legend.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.report.drawing.axes import Axis, Spec
from journey.report.drawing.frame import crosses_zero, note_box, stretch
from journey.report.drawing.legend import entries_of, is_line
from journey.report.drawing.marks import axes_of, errors_of, places_of
from journey.report.drawing.paper import LINE, TEXT, line, lines_of, paint, stroke, text_width, write
from journey.report.drawing.sheet import Sheet

#: Pixels: between points of what is drawn, from a name to its line, at least to other marks and names, how
#: much farther another line has to be than its own, from where on more room is no better.
STEP, NEAR, CLEAR, APART, FAR = 3.0, (3.0, 7.0, 11.0), 4.0, 5.0, 24.0
#: Pixels from the ends of lines to a column of names; most that it takes, as a share of the width.
BESIDE, AT_ENDS = 16.0, 0.28
#: Places tried along a line; height of letters above their base, and with what hangs below it.
PLACES, ASCENT, HEIGHT = 36, 0.78 * TEXT, 1.02 * TEXT
#: Roles too pale for letters; a name in another colour than its line stands beside it all the same.
PALE = {"@neutral", "@axis", "@line", "@series-4", "@series-5"}

Points = NDArray[np.float64]


@dataclass
class Panel:
    """What is drawn in the panel of a line, as points, and where its names may stand."""

    lines: dict[int, Points]
    marks: Points
    frame: tuple[float, float, float, float]
    levels: Points


def with_names(sheet: Sheet) -> tuple[Sheet, list[str]]:
    """The sheet of a figure and SVG of the names of its lines: at the lines, else at their ends, else none.

    A sheet with names has room at the right end that they need; one without has a legend of all.
    """
    lines = [trace for trace in entries_of(sheet.spec) if is_line(trace)]
    if (written := _along(sheet, lines)) is not None:
        return sheet, written
    given = sheet.spec, sheet.axes, sheet.width, sheet.height
    if not sheet.narrow and (margin := _margin(sheet, lines)) <= AT_ENDS * sheet.width:
        sheet = Sheet(*given, right=margin)
        return sheet, _at_ends(sheet, lines)
    return Sheet(*given, named=False), []


def _along(sheet: Sheet, lines: list[Spec]) -> list[str] | None:
    """Names above, below and beside the lines; None where one finds no place."""
    panels: dict[tuple[str, str], Panel] = {}
    options: dict[int, tuple[Points, Points]] = {}
    for trace in lines:
        x, y = axes_of(sheet, trace)
        if (x.name, y.name) not in panels:
            panels[x.name, y.name] = _panel(sheet, x, y)
        options[id(trace)] = _options(trace, panels[x.name, y.name])
    written = []
    # Whoever has least choice comes first.
    for trace in sorted(lines, key=lambda one: len(options[id(one)][0])):
        boxes, worth = options[id(trace)]
        if not len(boxes):
            return None
        best = boxes[np.argmax(worth)]
        for name, (others, values) in options.items():
            apart = _nearest(others, _filled(best)) > 2 * CLEAR
            options[name] = others[apart], values[apart]
        written.append(_written(trace, best[0], best[1]))
    return written


def _margin(sheet: Sheet, lines: list[Spec]) -> float:
    """Room for names right of the ends of lines; endless where they do not end together at the right."""
    ends = [at[-1][0] for trace in lines if (at := _drawn(sheet, trace))]
    panels = {axes_of(sheet, trace)[0].domain + axes_of(sheet, trace)[1].domain for trace in lines}
    right = sheet.width - sheet.right
    if len(ends) < len(lines) or panels != {(0.0, 1.0, 0.0, 1.0)} or min(ends) < right - 0.1 * sheet.plot:
        return np.inf
    return max(map(text_width, map(_text, lines))) + BESIDE + 4 - 0.7 * (right - max(ends))


def _at_ends(sheet: Sheet, lines: list[Spec]) -> list[str]:
    """Names in a column right of the ends, each with a stroke to its line where it had to give way."""
    ends = sorted(((*_drawn(sheet, trace)[-1], trace) for trace in lines), key=lambda end: end[1])
    wanted = np.array([y for _, y, _ in ends]) - LINE * np.arange(len(ends))
    pushed = np.maximum.accumulate(wanted), np.minimum.accumulate(wanted[::-1])[::-1]
    levels = (pushed[0] + pushed[1]) / 2 + LINE * np.arange(len(ends))
    left = max(x for x, _, _ in ends) + BESIDE
    written = []
    for (x, y, trace), level in zip(ends, levels, strict=True):
        if abs(level - y) > NEAR[0]:
            path = line(x + 6, y, left - 3, level)
            written.append(stroke(path, trace["line"]["color"]))
        written.append(_written(trace, left, level - HEIGHT / 2))
    return written


def _drawn(sheet: Sheet, trace: Spec) -> list[tuple[float, float]]:
    return [at for at in places_of(sheet, trace) if at]


def _written(trace: Spec, left: float, top: float) -> str:
    role = trace["line"]["color"]
    return write(left, top + ASCENT, [_text(trace)], extra=f" {paint('@muted' if role in PALE else role)}")


def _text(trace: Spec) -> str:
    return " ".join(lines_of(trace["name"]))


def _panel(sheet: Sheet, x: Axis, y: Axis) -> Panel:
    here = [one for one in sheet.spec["data"] if axes_of(sheet, one) == (x, y)]
    lines = {id(one): _polyline(places_of(sheet, one)) for one in here if is_line(one)}
    frame = sheet.along(x, 0) + 4, sheet.along(y, 1), sheet.along(x, 1), sheet.along(y, 0) - 3
    levels = np.array([sheet.along(y, y.at(unit)) for unit, _ in sheet.names[y.name]])
    marks = [_polyline([piece[:2], piece[2:]]) for piece in _strokes(sheet, here)]
    marks += [
        np.array(_drawn(sheet, one)).reshape(-1, 2)[:, None] + _disc(one)
        for one in here
        if "markers" in str(one.get("mode", ""))
    ]
    if crosses_zero(sheet, y):
        level = sheet.along(y, y.at(0))
        marks.append(_polyline([(frame[0], level), (frame[2], level)]))
    if crosses_zero(sheet, x):
        place = sheet.along(x, x.at(0))
        marks.append(_polyline([(place, frame[1]), (place, frame[3])]))
    for note in sheet.spec["layout"].get("annotations", ()):
        if note.get("text"):
            left, base, wide, high = note_box(sheet, note)
            marks.append(_filled(np.array([left, base - ASCENT, left + wide, base + high])))
    points = np.concatenate([each.reshape(-1, 2) for each in [np.empty((0, 2)), *marks]])
    return Panel(lines, points, frame, levels)


def _strokes(sheet: Sheet, traces: list[Spec]) -> Iterator[tuple[float, float, float, float]]:
    """Error bars, sides of bars, and lines across."""
    for trace in traces:
        for _, strokes in errors_of(sheet, trace):
            yield from strokes
    for shape in sheet.spec["layout"].get("shapes", ()):
        if shape["type"] == "line":
            yield stretch(sheet, shape)


def _disc(trace: Spec) -> Points:
    """Points around a mark."""
    size = trace.get("marker", {}).get("size", 6)
    turns = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    return max(size if isinstance(size, list) else [size]) / 2 * np.stack([np.cos(turns), np.sin(turns)], 1)


def _polyline(places: Sequence[tuple[float, ...] | None]) -> Points:
    """Points along the straight pieces between places."""
    pieces = []
    for one, two in itertools.pairwise(places):
        if one is not None and two is not None:
            start, end = np.array(one), np.array(two)
            count = max(int(np.hypot(*(end - start)) / STEP), 1) + 1
            pieces.append(start + np.linspace(0, 1, count)[:, None] * (end - start))
    return np.concatenate(pieces) if pieces else np.empty((0, 2))


def _filled(box: Points) -> Points:
    """Points of a box of text."""
    left, top, right, bottom = box
    across = np.linspace(left, right, max(int((right - left) / (2 * STEP)), 1) + 1)
    down = np.linspace(top, bottom, max(int((bottom - top) / (2 * STEP)), 1) + 1)
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def _options(trace: Spec, panel: Panel) -> tuple[Points, Points]:
    """Boxes where the name of a line may stand, and how well it would."""
    own = panel.lines[id(trace)]
    boxes = _boxes(own, text_width(_text(trace)))
    left, top, right, bottom = panel.frame
    inside = (boxes[:, 0] >= left) & (boxes[:, 1] >= top) & (boxes[:, 2] <= right) & (boxes[:, 3] <= bottom)
    boxes = boxes[inside]
    others = [points for name, points in panel.lines.items() if name != id(trace)]
    near = _nearest(boxes, own)
    boxes, near = (each[near >= NEAR[0] - 0.5] for each in (boxes, near))
    away = _nearest(boxes, np.concatenate([np.empty((0, 2)), *others]))
    free = _nearest(boxes, panel.marks)
    good = (away >= near + APART) & (free >= CLEAR)
    # Well is: room around it, close to its line, where lines have parted, on no line of the grid.
    aside = np.abs(boxes[:, [0, 2]].mean(axis=1) - (left + 0.62 * (right - left))) / 30
    struck = ((boxes[:, 1:2] + 1 < panel.levels) & (panel.levels < boxes[:, 3:4] - 1)).any(axis=1)
    worth = np.minimum(away, FAR) + np.minimum(free, FAR / 2) - 2 * near - aside - 4 * struck
    return boxes[good], worth[good]


def _boxes(own: Points, wide: float) -> Points:
    """Boxes of a text above and below places of a line, and beside its ends."""
    corners = []
    for x, _ in own[np.linspace(0, len(own) - 1, min(PLACES, len(own))).astype(int)]:
        for left in (x - wide, x - wide / 2, x):
            under = own[(own[:, 0] >= left - 3) & (own[:, 0] <= left + wide + 3), 1]
            for gap in NEAR:
                corners += [(left, under.min() - gap - HEIGHT), (left, under.max() + gap)]
    (first, start), (last, end) = own[0], own[-1]
    corners += [(first - wide - 8, start - HEIGHT / 2), (last + 8, end - HEIGHT / 2)]
    return np.concatenate([np.array(corners), np.array(corners) + np.array([wide, HEIGHT])], axis=1)


def _nearest(boxes: Points, points: Points) -> Points:
    """Distance of each box from the nearest of the points: nought from one inside, endless without points."""
    x, y = points[:, 0], points[:, 1]
    across = np.maximum(np.maximum(boxes[:, 0:1] - x, x - boxes[:, 2:3]), 0)
    down = np.maximum(np.maximum(boxes[:, 1:2] - y, y - boxes[:, 3:4]), 0)
    return np.sqrt((across * across + down * down).min(axis=1, initial=np.inf))
