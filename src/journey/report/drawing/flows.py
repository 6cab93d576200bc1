"""A Sankey diagram: nodes in columns by step, flows between them."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from journey.report.drawing.axes import Spec
from journey.report.drawing.formats import hover
from journey.report.drawing.legend import ROW, SAMPLE
from journey.report.drawing.paper import LINE, lines_of, number, paint, rectangle, text_width, write

THICK, PAD = 12.0, 12.0


Lanes = dict[tuple[int, int], "Node"]


@dataclass
class Node:
    """A node: its column, its size, where it begins, how much of each side is taken."""

    column: int
    size: float = 0.0
    top: float = 0.0
    left: float = 0.0
    out: float = 0.0
    into: float = 0.0


def draw_flows(spec: Spec, width: float, height: float) -> str:
    """SVG of a figure of one Sankey trace, with a key of the colours above it."""
    (trace,) = spec["data"]
    parts, top = _key(trace, width)
    nodes, lanes, scale = _placed(trace, width, height, top)
    return "".join([*parts, *_flows(trace, nodes, lanes, scale), *_nodes(trace, nodes, scale, width)])


def _key(trace: Spec, width: float) -> tuple[list[str], float]:
    names, colours = trace["node"]["label"], trace["node"]["color"]
    x, y = 0.0, 10.0
    parts = []
    for name, colour in dict(zip(names, colours, strict=True)).items():
        text = " ".join(lines_of(name))
        wide = SAMPLE - 4 + text_width(text)
        if x and x + wide > width:
            x, y = 0.0, y + ROW
        parts += [
            f'<path {paint(colour)} d="{rectangle(x, y - 5, 12, 10)}"/>',
            write(x + SAMPLE - 4, y + 4, [text]),
        ]
        x += wide + 14
    return parts, y + ROW


def _links(trace: Spec) -> list[tuple[int, int, float]]:
    link = trace["link"]
    return list(zip(link["source"], link["target"], link["value"], strict=True))


def _placed(trace: Spec, width: float, height: float, top: float) -> tuple[list[Node], Lanes, float]:
    """Nodes and lanes with their places, and pixels per unit of flow."""
    links = _links(trace)
    count = len(trace["node"]["label"])
    columns = [0] * count
    for _ in range(count):
        for source, target, _value in links:
            columns[target] = max(columns[target], columns[source] + 1)
    last = max(columns)
    ends = {target for _, target, _ in links} - {source for source, _, _ in links}
    nodes = [Node(last if place in ends else columns[place]) for place in range(count)]
    for place, node in enumerate(nodes):
        node.size = max(sum(value for *pair, value in links if pair[side] == place) for side in (0, 1))
    lanes = {
        (column, end): Node(column, sum(v for s, t, v in links if t == end and nodes[s].column < column))
        for end in ends
        for column in range(last)
    }
    groups = [_ordered(column, nodes, lanes) for column in range(last + 1)]
    room = height - top - 6
    scale = min((room - PAD * (len(group) - 1)) / sum(node.size for node in group) for group in groups)
    for column, group in enumerate(groups):
        level = top
        for node in group:
            node.top, node.left = level, column * (width - THICK) / max(last, 1)
            level += node.size * scale + PAD
    return nodes, lanes, scale


def _ordered(column: int, nodes: list[Node], lanes: Lanes) -> list[Node]:
    """A column from top to bottom: lanes to the largest end, the nodes by size, lanes to the other ends.

    A lane keeps room for what passes a column, so that no flow runs behind a node.
    """
    passing = {end: lane for (at, end), lane in lanes.items() if at == column and lane.size}
    largest = max(passing, key=lambda end: nodes[end].size, default=None)
    own = sorted((node for node in nodes if node.column == column), key=lambda node: -node.size)
    first = [passing.pop(largest)] if largest is not None else []
    return [*first, *own, *sorted(passing.values(), key=lambda lane: -lane.size)]


def _flows(trace: Spec, nodes: list[Node], lanes: Lanes, scale: float) -> Iterator[str]:
    hints = trace["link"]["hovertemplate"]
    names = trace["node"]["label"]
    yield f"<g {paint(trace['link']['color'])}>"
    for source, target, value in sorted(
        _links(trace), key=lambda link: (nodes[link[0]].column, nodes[link[0]].top, nodes[link[1]].top)
    ):
        stops = [
            nodes[source],
            *(lanes[column, target] for column in range(nodes[source].column + 1, nodes[target].column)),
            nodes[target],
        ]
        path = _ribbon(stops, value, scale)
        said = {"source.label": names[source], "target.label": names[target], "value": value}
        yield f'<path d="{path}"><title>{html.escape(hover(hints, said))}</title></path>'
    yield "</g>"


def _ribbon(stops: list[Node], value: float, scale: float) -> str:
    """Outline of a flow: along its upper edge from stop to stop, and back along the lower one."""
    edge: list[tuple[float, float]] = []
    for place, stop in enumerate(stops):
        into = stop.top + stop.into * scale
        out = stop.top + stop.out * scale
        edge += [(stop.left, into)] if place else []
        edge += [(stop.left + THICK, out)] if place < len(stops) - 1 else []
        stop.into += value if place else 0
        stop.out += value if place < len(stops) - 1 else 0
    thick = value * scale
    back = [(x, y + thick) for x, y in reversed(edge)]
    return f"M{_pair(*edge[0])}{_bends(edge)}V{number(back[0][1])}{_bends(back)}z"


def _bends(edge: list[tuple[float, float]]) -> str:
    """From each place to the next, level at both."""
    path = ""
    for (x, y), (to, down) in itertools.pairwise(edge):
        middle = number((x + to) / 2)
        path += (
            f"H{number(to)}"
            if y == down
            else f"C{middle} {number(y)} {middle} {number(down)} {_pair(to, down)}"
        )
    return path


def _pair(x: float, y: float) -> str:
    return f"{number(x)} {number(y)}"


def _nodes(trace: Spec, nodes: list[Node], scale: float, width: float) -> Iterator[str]:
    names, colours, hints = (trace["node"][key] for key in ("label", "color", "hovertemplate"))
    last = max(node.column for node in nodes)
    room = (width - THICK) / max(last, 1) - THICK - 8
    texts: list[tuple[float, float, float, str, str]] = []
    thin: list[tuple[float, float, float, str, str]] = []
    for node, name, colour in zip(nodes, names, colours, strict=True):
        high = max(node.size * scale, 1.0)
        hint = html.escape(hover(hints, {"label": name, "value": node.size}))
        box = rectangle(node.left, node.top, THICK, high)
        yield f'<path {paint(colour)} d="{box}"><title>{hint}</title></path>'
        text = " ".join(lines_of(name))
        ends, middle, wide = node.column == last, node.top + high / 2 + 4, text_width(text)
        x = node.left - 5 if ends else node.left + THICK + 5
        if wide <= room and (high >= 11 or ends):
            place = (x - wide if ends else x, middle, wide, text, "end" if ends else "start")
            (texts if high >= 11 else thin).append(place)
    # Where flows end is what the figure is about: a thin end is named, too, where its name has room.
    for place in thin:
        near = (other for other in texts if abs(other[1] - place[1]) < LINE)
        if all(other[0] + other[2] < place[0] or place[0] + place[2] < other[0] for other in near):
            texts.append(place)
    for left, base, wide, text, anchor in texts:
        yield write(left + wide if anchor == "end" else left, base, [text], anchor=anchor)
