"""What stands around the marks: grid, axes, ticks, titles; and lines and notes over them."""

from __future__ import annotations

from collections.abc import Iterator

from journey.report.drawing.axes import Axis, Spec
from journey.report.drawing.paper import (
    LINE,
    line,
    lines_of,
    number,
    paint,
    rectangle,
    stroke,
    text_width,
    write,
)
from journey.report.drawing.sheet import GAP, Sheet, is_panel_name


def behind(sheet: Sheet) -> Iterator[str]:
    """Grid, filled shapes and zero lines."""
    grid = zeros = ""
    for x, y in sheet.panels:
        left, right = sheet.along(x, 0), sheet.along(x, 1)
        top, bottom = sheet.along(y, 1), sheet.along(y, 0)
        if y.spec.get("showgrid", True):
            heights = (sheet.along(y, y.at(unit)) for unit, _ in sheet.names[y.name])
            grid += "".join(line(left, each, right, each) for each in heights)
        if crosses_zero(sheet, y):
            zeros += line(left, level := sheet.along(y, y.at(0)), right, level)
        if crosses_zero(sheet, x):
            zeros += _upright(sheet, y, sheet.along(x, x.at(0)), top, bottom)
    yield stroke(grid, "@line")
    for shape in sheet.spec["layout"].get("shapes", ()):
        if shape["type"] == "rect":
            yield _box(sheet, shape)
    yield stroke(zeros, "@axis")


def around(sheet: Sheet) -> Iterator[str]:
    """Axis lines, ticks, their texts, titles."""
    lines = ticks = ""
    texts: list[str] = []
    heads: list[str] = []
    for x, y in sheet.panels:
        left, right, bottom = sheet.along(x, 0), sheet.along(x, 1), sheet.along(y, 0)
        lines += line(left, bottom, right, bottom)
        for unit, _ in sheet.x_ticks(x):
            place = sheet.along(x, x.at(unit))
            ticks += f"M{number(place)} {number(bottom)}v4"
        texts += [*_x_texts(sheet, x, bottom), *_y_texts(sheet, x, y, left)]
        heads += _heads(sheet, x, y)
    yield stroke(lines + ticks, "@axis")
    yield f"<g {paint('@muted')}>{''.join(texts)}</g>{''.join(heads)}"


def across(sheet: Sheet) -> Iterator[str]:
    """Lines across the plot."""
    for shape in sheet.spec["layout"].get("shapes", ()):
        if shape["type"] == "line":
            pen = shape.get("line", {})
            x0, y0, x1, y1 = stretch(sheet, shape)
            y = sheet.axes.get(shape.get("yref", "y").partition(" ")[0])
            path = _upright(sheet, y, x0, *sorted((y0, y1))) if y and x0 == x1 else line(x0, y0, x1, y1)
            yield stroke(path, pen.get("color", "@muted"), pen.get("width", 1), pen.get("dash"))


def notes(sheet: Sheet) -> Iterator[str]:
    """Texts at lines and points."""
    for note in sheet.spec["layout"].get("annotations", ()):
        if note.get("text") and not is_panel_name(note):
            yield _note(sheet, note)


def crosses_zero(sheet: Sheet, axis: Axis) -> bool:
    """Whether a line marks zero on an axis: none where the figure has one of its own there."""
    low, high = sorted((axis.low, axis.high))
    plain = axis.kind == "linear" and axis.spec.get("zeroline") is not False and low < 0 < high
    return plain and not any(
        shape.get(f"{axis.letter}ref") == axis.name
        and shape[f"{axis.letter}0"] == shape[f"{axis.letter}1"] == 0
        for shape in sheet.spec["layout"].get("shapes", ())
    )


def stretch(sheet: Sheet, shape: Spec) -> tuple[float, float, float, float]:
    """Pixels of both ends of a line across."""
    x0, y0, x1, y1 = (_place(sheet, shape, end) for end in ("x0", "y0", "x1", "y1"))
    return x0, y0, x1, y1


def _upright(sheet: Sheet, y: Axis, x: float, top: float, bottom: float) -> str:
    """A vertical stroke, which leaves out the names above rows."""
    path = ""
    for unit, lines in sorted(sheet.names[y.name], reverse=y.low < y.high) if sheet.above else ():
        if x < max(map(text_width, lines)) + 3:
            base = _base(sheet, y, unit)
            path += line(x, top, x, base - LINE + 2) if base - LINE + 2 > top else ""
            top = base + 5
    return path + line(x, top, x, bottom)


def _base(sheet: Sheet, y: Axis, unit: float) -> float:
    """Where the letters of a name above its row stand."""
    pitch = abs(sheet.along(y, 1) - sheet.along(y, 0)) / max(len(sheet.names[y.name]), 1)
    return sheet.along(y, y.at(unit)) - max(11, pitch / 2 - 9)


def _x_texts(sheet: Sheet, x: Axis, bottom: float) -> Iterator[str]:
    if sheet.hidden(x):
        return
    for unit, lines in sheet.x_ticks(x):
        place = sheet.along(x, x.at(unit))
        if sheet.slanted(x):
            turn = f' transform="rotate(-60 {number(place + 3)} {number(bottom + 12)})"'
            yield write(place + 3, bottom + 12, [" ".join(lines)], anchor="end", extra=turn)
        else:
            yield write(place, bottom + 17, lines, anchor="middle")
    if found := sheet.x_title(x):
        middle = (sheet.along(x, 0) + sheet.along(x, 1)) / 2
        wide = max(map(text_width, found)) / 2
        middle = min(max(middle, wide), sheet.width - wide)
        yield write(middle, bottom + sheet.labels_below(x) + 14, found, anchor="middle")


def _y_texts(sheet: Sheet, x: Axis, y: Axis, left: float) -> Iterator[str]:
    if sheet.hidden(y):
        return
    for unit, lines in sheet.names[y.name]:
        if sheet.above and x.domain[0] == 0:
            yield write(0, _base(sheet, y, unit), lines)
        else:
            level = sheet.along(y, y.at(unit))
            yield write(left - GAP + 2, level + 4 - LINE * (len(lines) - 1) / 2, lines, anchor="end")


def _heads(sheet: Sheet, x: Axis, y: Axis) -> Iterator[str]:
    start = 0.0 if x.domain[0] == 0 else sheet.along(x, 0)
    level = sheet.along(y, 1) - sheet.head(y) + 12
    if lines := sheet.name_of((x, y)):
        yield write(start, level, lines, extra=' font-weight="600"')
        level += LINE * len(lines) + 4
    if lines := sheet.y_title((x, y)):
        yield write(start, level, lines, extra=f" {paint('@muted')}")


def _place(sheet: Sheet, item: Spec, end: str) -> float:
    """Pixel of an end of a shape or of a note, whatever it refers to."""
    letter = end[0]
    reference, value = item.get(f"{letter}ref", letter), item[end]
    if reference == "paper":
        return sheet.along(Axis(letter, "paper", "linear", {}), float(value))
    name, _, domain = reference.partition(" ")
    axis = sheet.axes[name]
    if domain:
        return sheet.along(axis, float(value))
    pixel = sheet.pixel(axis, value)
    return sheet.along(axis, 0.0) if pixel is None else pixel


def _box(sheet: Sheet, shape: Spec) -> str:
    x0, x1, y0, y1 = (_place(sheet, shape, end) for end in ("x0", "x1", "y0", "y1"))
    area = rectangle(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
    return f'<path {paint(shape.get("fillcolor"))} d="{area}"/>'


def _note(sheet: Sheet, note: Spec) -> str:
    x, y, _, _ = note_box(sheet, note)
    colour = paint(note.get("font", {}).get("color", "@ink"))
    return write(x, y, lines_of(note["text"]), extra=f" {colour}")


def note_box(sheet: Sheet, note: Spec) -> tuple[float, float, float, float]:
    """Left end and first base of a note, which stays on the sheet; its width; its depth below the base."""
    lines = lines_of(note["text"])
    wide = max(map(text_width, lines))
    side = note.get("xanchor", "center")
    x = _place(sheet, note, "x") + note.get("xshift", 0)
    x -= {"left": -4.0, "center": wide / 2, "right": wide + 4}[side]
    x = min(max(x, 0.0), sheet.width - wide)
    y = _place(sheet, note, "y") - note.get("yshift", 0)
    y += {"bottom": -5.0 - LINE * (len(lines) - 1), "middle": 4.0, "top": 13.0}[note.get("yanchor", "middle")]
    return x, y, wide, 3 + LINE * (len(lines) - 1)
