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
        if _crosses_zero(y):
            zeros += line(left, level := sheet.along(y, y.at(0)), right, level)
        if _crosses_zero(x):
            place = sheet.along(x, x.at(0))
            zeros += line(place, top, place, bottom)
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
    halo = ' paint-order="stroke" stroke="var(--paper)" stroke-width="3"' if sheet.above else ""
    yield f"<g {paint('@muted')}{halo}>{''.join(texts)}</g>{''.join(heads)}"


def across(sheet: Sheet) -> Iterator[str]:
    """Lines across the plot."""
    for shape in sheet.spec["layout"].get("shapes", ()):
        if shape["type"] == "line":
            pen = shape.get("line", {})
            x0, x1, y0, y1 = (_place(sheet, shape, end) for end in ("x0", "x1", "y0", "y1"))
            yield stroke(
                line(x0, y0, x1, y1), pen.get("color", "@muted"), pen.get("width", 1), pen.get("dash")
            )


def notes(sheet: Sheet) -> Iterator[str]:
    """Texts at lines and points."""
    for note in sheet.spec["layout"].get("annotations", ()):
        if note.get("text") and not is_panel_name(note):
            yield _note(sheet, note)


def _crosses_zero(axis: Axis) -> bool:
    low, high = sorted((axis.low, axis.high))
    return axis.kind == "linear" and axis.spec.get("zeroline") is not False and low < 0 < high


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
    found = sheet.names[y.name]
    pitch = abs(sheet.along(y, 1) - sheet.along(y, 0)) / max(len(found), 1)
    for unit, lines in found:
        level = sheet.along(y, y.at(unit))
        if sheet.above and x.domain[0] == 0:
            yield write(0, level - max(9, pitch / 2 - 11), lines)
        else:
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
    """Text at a place; it stays on the sheet."""
    lines = lines_of(note["text"])
    wide = max(map(text_width, lines))
    side = note.get("xanchor", "center")
    x = _place(sheet, note, "x") + note.get("xshift", 0)
    x -= {"left": -4.0, "center": wide / 2, "right": wide + 4}[side]
    x = min(max(x, 0.0), sheet.width - wide)
    y = _place(sheet, note, "y") - note.get("yshift", 0)
    y += {"bottom": -5.0 - LINE * (len(lines) - 1), "middle": 4.0, "top": 13.0}[note.get("yanchor", "middle")]
    return write(x, y, lines, extra=f" {paint(note.get('font', {}).get('color', '@ink'))}")
