"""Where texts and strokes of a drawing lie, read from its SVG."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from journey.report.drawing.paper import LINE, TEXT, text_width

SVG = "{http://www.w3.org/2000/svg}"
#: Above the base of a line of text, and below it, as shares of its size.
ASCENT, DESCENT = 0.72, 0.2
#: Roles of what no text may lie on; the grid may run behind it.
STROKES = (*(f"series-{number}" for number in range(1, 7)), "truth", "muted", "axis")
_COMMAND = re.compile(r"([MLHVhv])([-\d. ]+)|z")


@dataclass(frozen=True)
class Box:
    """A line of text, and what it takes on the paper."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    role: str = ""

    def meets(self, other: Box, margin: float = 0.0) -> bool:
        """Whether two boxes share more than an edge."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > margin
            and min(self.bottom, other.bottom) - max(self.top, other.top) > margin
        )

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a point is nearer than `margin`."""
        return self.left - margin < x < self.right + margin and self.top - margin < y < self.bottom + margin


def text_boxes(svg: Element) -> list[Box]:
    """Every line of text that is not turned."""
    found = []
    for node in svg.iter(f"{SVG}text"):
        if node.get("transform"):
            continue
        size = float(node.get("font-size", svg.get("font-size", TEXT)))
        base = float(node.get("y", 0))
        rows = [part for part in node.iter(f"{SVG}tspan") if part.get("x")] or [node]
        for row, part in enumerate(rows):
            text = "".join(
                itertools.chain(
                    [part.text or ""], ("".join(one.itertext()) for one in part if one.tag != f"{SVG}title")
                )
            )
            # Bold letters are wider by a twelfth at most.
            wide = text_width(text, size) * (1.08 if node.get("font-weight") else 1)
            left = float(node.get("x", 0)) - wide * {"middle": 0.5, "end": 1}.get(
                node.get("text-anchor", ""), 0
            )
            level = base + LINE * row
            role = node.get("fill", "").removeprefix("var(--").removesuffix(")")
            found.append(Box(text, left, level - ASCENT * size, left + wide, level + DESCENT * size, role))
    return found


def strokes(svg: Element, role: str) -> Iterator[tuple[float, float]]:
    """Points a pixel apart along the strokes of a colour, which may be given by the group around them."""
    for path in svg.iter(f"{SVG}path"):
        if path.get("stroke") == f"var(--{role})":
            yield from _along(path.get("d", ""))


def _along(path: str) -> Iterator[tuple[float, float]]:
    x = y = 0.0
    for match in _COMMAND.finditer(path):
        command, given = match[1], [float(each) for each in (match[2] or "").split()]
        if command is None:
            continue
        across, down = {
            "h": (x + given[0], y),
            "v": (x, y + given[0]),
            "H": (given[0], y),
            "V": (x, given[0]),
        }.get(command) or given[:2]
        if command != "M":
            count = math.ceil(math.dist((x, y), (across, down))) or 1
            yield from (
                (x + (across - x) * step / count, y + (down - y) * step / count) for step in range(count + 1)
            )
        x, y = across, down


def faults(svg: Element) -> list[str]:
    """What lies off the paper, on another text, or on a stroke."""
    _, _, width, height = map(float, (svg.get("viewBox") or "").split())
    boxes = text_boxes(svg)
    found = [
        f"{box.text} leaves the paper"
        for box in boxes
        if box.left < -0.5 or box.right > width + 0.5 or box.top < -0.5 or box.bottom > height + 0.5
    ]
    found += [
        f"{one.text} on {other.text}"
        for one, other in itertools.combinations(boxes, 2)
        if one.meets(other, 0.5)
    ]
    return found + [
        f"{box.text} on a line in {role}"
        for role in STROKES
        for box in boxes
        if any(box.holds(*at, -0.5) for at in strokes(svg, role))
    ]
