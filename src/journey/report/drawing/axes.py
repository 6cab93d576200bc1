"""Axes of a figure: which kind, what range, where ticks stand.

`settle` writes the ranges into the figure's JSON, so that the drawing and Plotly share one scale.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from journey.report.drawing.formats import plain, say

Spec = dict[str, Any]
#: Share of the span that is left free on each side of marks.
ROOM = 0.05
EPOCH = dt.datetime(1970, 1, 1)
DAY = 86400.0
#: Shapes of marks by colour where a figure tells several apart: hues alone are lost on some eyes.
SHAPES = {
    "@series-2": "square",
    "@series-3": "triangle-up",
    "@series-4": "cross",
    "@series-5": "x",
    "@series-6": "star",
    "@muted": "x",
    "@axis": "square",
    "@neutral": "square",
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?")


@dataclass
class Axis:
    """One axis: values in units of the axis, which are powers of ten, days or places of categories."""

    letter: str
    name: str
    kind: str
    spec: Spec
    low: float = 0.0
    high: float = 1.0
    categories: list[str] = field(default_factory=list)

    @property
    def domain(self) -> tuple[float, float]:
        """Part of the plot that it covers, from the left or from below."""
        start, end = self.spec.get("domain", (0.0, 1.0))
        return float(start), float(end)

    def unit(self, value: object) -> float | None:
        """A value in units of the axis; None for a gap."""
        if value is None:
            return None
        if self.kind == "category":
            if isinstance(value, int | float) and str(value) not in self.categories:
                return float(value)
            return float(self.categories.index(str(value)))
        if self.kind == "date":
            return value if isinstance(value, float) else days(str(value))
        number = float(value)  # type: ignore[arg-type]
        if self.kind == "log":
            return math.log10(number) if number > 0 else None
        return number

    def at(self, unit: float) -> float:
        """Where a place in units of the axis lies between its ends, from 0 to 1."""
        return (unit - self.low) / (self.high - self.low)


def axes_of(spec: Spec) -> dict[str, Axis]:
    """Every axis that a trace uses, by its short name such as `x2`."""
    layout = spec["layout"]
    house = layout["template"]["layout"]
    axes: dict[str, Axis] = {}
    for trace in spec["data"]:
        for letter in "xy" if "node" not in trace else "":
            name = trace.get(f"{letter}axis", letter)
            own = layout.setdefault(f"{letter}axis{name[1:]}", {})
            axes.setdefault(name, Axis(letter, name, "", house[f"{letter}axis"] | own))
    for axis in axes.values():
        values = [value for trace in using(spec, axis) for value in trace.get(axis.letter) or ()]
        axis.kind = axis.spec.get("type") or kind_of(values)
        if axis.kind == "category":
            axis.categories = _categories(axis.spec, values)
    return axes


def settle(spec: Spec) -> dict[str, Axis]:
    """Find the range of every axis and write it, with the kind, into the layout; returns the axes.

    A trace that names no colour gets its own of the house, and points of several colours get shapes.
    """
    ways = spec["layout"]["template"]["layout"]["colorway"]
    for place, trace in enumerate(spec["data"]):
        if trace["type"] in ("scatter", "bar"):
            part = trace.setdefault("line" if trace["type"] == "scatter" else "marker", {})
            part.setdefault("color", ways[place % len(ways)])
    _shape(spec)
    axes = axes_of(spec)
    for axis in axes.values():
        together = [other for other in axes.values() if _root(other) == _root(axis)]
        ends = [end for other in together for end in _ends(spec, other)]
        axis.low, axis.high = _range(axis, ends)
        if axis.spec.get("autorange") == "reversed":
            axis.low, axis.high = axis.high, axis.low
        own = spec["layout"][f"{axis.letter}axis{axis.name[1:]}"]
        own.pop("autorange", None)
        own.pop("rangemode", None)
        low, high = (float(f"{end:.7g}") for end in (axis.low, axis.high))
        own["range"] = [moment(low), moment(high)] if axis.kind == "date" else [low, high]
        own["type"] = axis.kind
    return axes


def _shape(spec: Spec) -> None:
    dotted = [one for one in spec["data"] if one["type"] == "scatter" and "markers" in mode_of(one)]
    several = len({one["name"] for one in dotted if one.get("name")}) > 1
    for trace in dotted if several else ():
        dot = trace.setdefault("marker", {})
        shade = dot.get("color") or trace["line"]["color"]
        if isinstance(shade, str) and dot.get("symbol", "circle") == "circle":
            dot["symbol"] = SHAPES.get(shade, "circle")


def using(spec: Spec, axis: Axis) -> list[Spec]:
    """The traces on an axis."""
    key = f"{axis.letter}axis"
    return [trace for trace in spec["data"] if trace.get(key, axis.letter) == axis.name]


def kind_of(values: list[Any]) -> str:
    """Numbers, dates or names."""
    texts = [value for value in values if isinstance(value, str)]
    if not texts:
        return "linear"
    return "date" if all(_DATE.fullmatch(text) for text in texts) else "category"


def days(text: str) -> float:
    """Days since 1970 of an ISO date."""
    return (dt.datetime.fromisoformat(text).replace(tzinfo=None) - EPOCH).total_seconds() / DAY


def moment(day: float) -> str:
    """ISO date of days since 1970."""
    return (EPOCH + dt.timedelta(days=round(day * 24) / 24)).isoformat(" ")


def _root(axis: Axis) -> str:
    return str(axis.spec.get("matches") or axis.name)


def _categories(spec: Spec, values: list[Any]) -> list[str]:
    found = dict.fromkeys(str(value) for value in values if value is not None)
    ordered = [str(name) for name in spec.get("categoryarray") or ()]
    return list(dict.fromkeys([*(name for name in ordered if name in found), *found]))


def _ends(spec: Spec, axis: Axis) -> Iterator[tuple[float, float]]:
    """Outermost values of each trace and shape, in units, each with the room that it asks for."""
    for trace in using(spec, axis):
        values = [unit for value in trace.get(axis.letter) or () if (unit := axis.unit(value)) is not None]
        if not values:
            continue
        across = ("h" if axis.letter == "x" else "v") == trace.get("orientation", "v")
        if trace["type"] == "bar" and across:
            yield from _bar_ends(trace, axis)
        elif trace["type"] in ("bar", "heatmap"):
            step = step_of(values) / 2
            yield min(values) - step, 0.0
            yield max(values) + step, 0.0
        else:
            drawn = mode_of(trace)
            padded = 1.0 if axis.letter == "y" or "markers" in drawn or "text" in drawn else 0.0
            for value, up, down in _with_errors(trace, axis):
                yield value + up, padded
                yield value - down, padded
    for shape in spec["layout"].get("shapes", ()):
        if shape.get(f"{axis.letter}ref", axis.letter) == axis.name:
            for end in ("0", "1"):
                if (unit := axis.unit(shape[f"{axis.letter}{end}"])) is not None:
                    yield unit, 0.0


def mode_of(trace: Spec) -> str:
    """What a scatter trace draws; Plotly leaves out markers of long lines."""
    return str(trace.get("mode") or ("lines+markers" if len(trace["x"]) < 20 else "lines"))


def step_of(values: list[float]) -> float:
    """Smallest distance of two values."""
    unique = sorted(set(values))
    return min((b - a for a, b in itertools.pairwise(unique)), default=1.0)


def base_of(trace: Spec, place: int) -> float:
    """Where a bar begins."""
    base = trace.get("base", 0)
    return float(base[place] if isinstance(base, list) else base)


def limits(trace: Spec) -> tuple[float, float]:
    """Values at the ends of the scale of colours of a heat map."""
    values = [value for row in trace["z"] for value in row if value is not None] or [0.0]
    return trace.get("zmin", min(values)), trace.get("zmax", max(values))


def _bar_ends(trace: Spec, axis: Axis) -> Iterator[tuple[float, float]]:
    for place, value in enumerate(trace[axis.letter]):
        start = base_of(trace, place)
        yield start, float(start != 0)
        yield start + float(value or 0), 1.0


def _with_errors(trace: Spec, axis: Axis) -> Iterator[tuple[float, float, float]]:
    """Values with the lengths of their error bars, in units of the axis."""
    bars = trace.get(f"error_{axis.letter}", {})
    ups, downs = bars.get("array") or (), bars.get("arrayminus") or ()
    for place, value in enumerate(trace[axis.letter]):
        unit = axis.unit(value)
        if unit is None:
            continue
        up, down = (each[place] or 0.0 if place < len(each) else 0.0 for each in (ups, downs))
        top = axis.unit(value + up) if up else unit
        bottom = axis.unit(value - down) if down else unit
        yield unit, (top or unit) - unit, unit - (unit if bottom is None else bottom)


def _range(axis: Axis, ends: list[tuple[float, float]]) -> tuple[float, float]:
    given = axis.spec.get("range")
    if given:
        low, high = (days(str(end)) if axis.kind == "date" else float(end) for end in given)
        return low, high
    if axis.kind == "category":
        return -0.5, len(axis.categories) - 0.5
    low, high = min((end for end, _ in ends), default=0.0), max((end for end, _ in ends), default=1.0)
    if axis.spec.get("rangemode") == "tozero":
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = low - 1, high + 1
    room = ROOM * (high - low)
    wants_low = max((padded for end, padded in ends if end <= low + room / 2), default=0.0)
    wants_high = max((padded for end, padded in ends if end >= high - room / 2), default=0.0)
    pinned = axis.spec.get("rangemode") == "tozero"
    return (
        low - (0 if pinned and low == 0 else room * wants_low),
        high + (0 if pinned and high == 0 else room * wants_high),
    )


def ticks(axis: Axis, most: int) -> list[tuple[float, str]]:
    """Ticks in range as units of the axis and texts, at most about `most` where the figure leaves it open."""
    found = list(_ticks(axis, max(most, 2)))
    low, high = sorted((axis.low, axis.high))
    edge = 1e-9 * (high - low)
    return [(unit, text) for unit, text in found if low - edge <= unit <= high + edge]


def _ticks(axis: Axis, most: int) -> Iterator[tuple[float, str]]:
    spec = axis.spec
    low, high = sorted((axis.low, axis.high))
    if (values := spec.get("tickvals")) is not None:
        texts = spec.get("ticktext") or [text_of(axis, value, 0) for value in values]
        for value, text in zip(values, texts, strict=True):
            unit = axis.unit(value)
            if unit is not None:
                yield unit, str(text)
    elif axis.kind == "category":
        yield from ((float(place), name) for place, name in enumerate(axis.categories))
    elif axis.kind == "log":
        for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1):
            yield float(power), f"{10.0**power:,g}"
    elif axis.kind == "date":
        yield from _dates(low, high, most)
    else:
        step = float(spec.get("dtick") or nice((high - low) / (1.3 * min(most, spec.get("nticks") or most))))
        if spec.get("dtick") and (high - low) / step > most:
            step *= math.ceil((high - low) / step / most)
        # One tick alone says no scale.
        while math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) < 1:
            step = nice(0.4 * step)  # the next smaller one: 5, 2, 1, 0.5
        for place in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
            yield place * step, text_of(axis, place * step, step)


def nice(rough: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not less."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((lead * power for lead in (1, 2, 5) if lead * power >= rough * (1 - 1e-9)), 10 * power)


def text_of(axis: Axis, value: float, step: float) -> str:
    """Text of a tick at a value."""
    form = axis.spec.get("tickformat")
    if not step:
        text = say(value, form) if form and form != "," else f"{value:,g}"
    elif form and form.endswith("%"):
        # As many decimals as the step needs, though not fewer than none.
        text = plain(100 * value, 100 * step) + "%"
    else:
        text = say(round(value, 12), form) if form and form != "," else plain(value, step)
    return f"{text}{axis.spec.get('ticksuffix', '')}"


def _dates(low: float, high: float, most: int) -> Iterator[tuple[float, str]]:
    """Beginnings of months, or days a whole number of weeks apart for a shorter stretch."""
    start, end = (EPOCH + dt.timedelta(days=day) for day in (low, high))
    span = high - low
    if span > 31 * 3:
        months = math.ceil(span / 30.4 / most)
        at = [
            dt.datetime(year, month, 1)
            for year in range(start.year, end.year + 1)
            for month in range(1, 13)
            if (12 * year + month - 1) % months == 0
        ]
        shown = [one for one in at if start <= one <= end]
    else:
        step = 7 * math.ceil(span / 7 / most)
        shown = [start + dt.timedelta(days=each) for each in range(0, math.floor(span) + 1, step)]
    year = None
    for one in shown:
        text = f"{one:%b}" if span > 31 * 3 else f"{one.day} {one:%b}"
        yield (one - EPOCH).total_seconds() / DAY, text if one.year == year else f"{text} {one.year}"
        year = one.year
