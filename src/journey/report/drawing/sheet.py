"""Where things stand on the sheet of a drawing: margins, panels, pixels of values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from journey.report.drawing.axes import Axis, Spec, ticks
from journey.report.drawing.legend import Legend, legend
from journey.report.drawing.paper import LINE, lines_of, text_width, wrapped

#: A drawing narrower than this is for a phone.
NARROW = 500
#: Widest names beside rows on a phone, as a share of the width; lowest row below its name, in pixels.
BESIDE, ROW = 0.36, 36.0
GAP = 8.0

Panel = tuple[Axis, Axis]
Ticks = list[tuple[float, list[str]]]


@dataclass
class Sheet:
    """A figure with axes on a sheet of so many pixels; a phone's may grow in height."""

    spec: Spec
    axes: dict[str, Axis]
    width: float
    height: float
    named: bool = True
    left: float = 0.0
    right: float = 12.0
    bottom: float = 0.0
    above: bool = False
    names: dict[str, Ticks] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pairs = dict.fromkeys((one.get("xaxis", "x"), one.get("yaxis", "y")) for one in self.spec["data"])
        self.panels: list[Panel] = [(self.axes[x], self.axes[y]) for x, y in pairs]
        self.legend: Legend = legend(self.spec, self.width, named=self.named)
        self.bottom = max(LINE * (1 + len(self.x_title(x))) for x, _ in self.lowest) + GAP + 2
        self._rows()
        self._sides()
        self.bottom = max(self._below(x) for x, _ in self.lowest)
        if self.above:
            rows = max(len(self.names[y.name]) / (y.domain[1] - y.domain[0]) for _, y in self.panels)
            self.height = max(self.height, round(self.top + self.bottom + ROW * rows))

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.width < NARROW

    @property
    def plot(self) -> float:
        """Pixels between the left and the right end of the plot."""
        return self.width - self.left - self.right

    @cached_property
    def lowest(self) -> list[Panel]:
        """The panels at the lower end."""
        least = min(y.domain[0] for _, y in self.panels)
        return [panel for panel in self.panels if panel[1].domain[0] <= least + 1e-6]

    @property
    def top(self) -> float:
        """Pixels above the plot: legend, then heads of the upper panels."""
        return self.legend.height + max(self.head(y) for _, y in self.panels if y.domain[1] >= 1 - 1e-6)

    def head(self, y: Axis) -> float:
        """Pixels above a row of panels: names, titles of the vertical axes, notes at lines."""
        row = [panel for panel in self.panels if abs(panel[1].domain[1] - y.domain[1]) < 1e-3]
        named = max(len(self.name_of(panel)) for panel in row)
        titled = max(len(self.y_title(panel)) for panel in row)
        return (
            LINE * (named + titled + any(map(self._noted, row)))
            + (4 if named else 0)
            + (6 if self.above else 0)
            + GAP
        )

    def name_of(self, panel: Panel) -> list[str]:
        """Lines of the name of a panel, which Plotly keeps as a note at its upper edge."""
        x, y = panel
        for note in self.spec["layout"].get("annotations", ()):
            within = x.domain[0] <= note.get("x", 0) <= x.domain[1]
            if is_panel_name(note) and within and abs(note["y"] - y.domain[1]) < 1e-3:
                return wrapped(note["text"], self._room(x))
        return []

    def y_title(self, panel: Panel) -> list[str]:
        """Lines of the title of the vertical axis, which stands above it."""
        text = title(panel[1])
        return wrapped(text, self._room(panel[0])) if text else []

    def _room(self, x: Axis) -> float:
        start, end = x.domain
        if not start:
            return self.width * end - 4
        return self.plot * (end - start) + (self.right if end == 1 else 0)

    def _noted(self, panel: Panel) -> bool:
        x, y = panel
        return any(
            note.get("text")
            and note.get("yanchor") == "bottom"
            and note.get("y") == 1
            and (note.get("xref"), note.get("yref")) == (x.name, f"{y.name} domain")
            for note in self.spec["layout"].get("annotations", ())
        )

    def _rows(self) -> None:
        """Names at the vertical axes: beside them, or above each row where a phone has no room beside."""
        widest = 0.0
        for x, y in self.panels:
            pixels = (self.height - self.top - self.bottom) * (y.domain[1] - y.domain[0])
            found = [(unit, lines_of(text)) for unit, text in ticks(y, max(4, round(pixels / 54)))]
            if self.narrow and x.domain[0] == 0 and (y.kind == "category" or y.spec.get("ticktext")):
                found = self._for_phone(found, pixels)
            self.names[y.name] = found
            if x.domain[0] == 0 and not self.hidden(y):
                widest = max([widest, *(text_width(line) for _, lines in found for line in lines)])
        self.left = 2.0 if self.above else widest + GAP

    def _for_phone(self, found: Ticks, pixels: float) -> Ticks:
        most = BESIDE * self.width
        texts = [(unit, " ".join(lines)) for unit, lines in found]
        beside = [(unit, wrapped(text, most)) for unit, text in texts]
        pitch = pixels / max(len(found), 1)
        short = all(text_width(line) <= most for _, lines in beside for line in lines)
        cells = any(trace["type"] == "heatmap" for trace in self.spec["data"])
        if cells or (short and all(len(lines) * LINE <= pitch for _, lines in beside)):
            return beside
        self.above = True
        return [(unit, [text]) for unit, text in texts]

    def _sides(self) -> None:
        """Room for the outermost texts of horizontal axes and of bars."""
        for x, _ in self.panels:
            found = self.x_ticks(x)
            if found and not self.hidden(x) and not self.slanted(x):
                self.left = max(self.left, self._over(found[0], x, start=True))
                self.right = max(self.right, self._over(found[-1], x, start=False))
        outside = [
            text_width(str(text))
            for trace in self.spec["data"]
            if trace.get("textposition") == "outside" and trace.get("orientation") == "h"
            for text in trace.get("text", ())
        ]
        self.right = max([self.right, *outside])

    def _over(self, tick: tuple[float, list[str]], x: Axis, *, start: bool) -> float:
        if x.domain[0 if start else 1] != (0 if start else 1):
            return 0.0
        inside = x.at(tick[0]) if start else 1 - x.at(tick[0])
        plot = self.plot * (x.domain[1] - x.domain[0])
        return max(map(text_width, tick[1])) / 2 - inside * plot + 1

    def slanted(self, x: Axis) -> bool:
        """Whether names below are turned because a word is wider than its column."""
        if x.kind != "category":
            return False
        pitch = self.plot * (x.domain[1] - x.domain[0]) / len(x.categories)
        words = [word for name in x.categories for line in lines_of(name) for word in line.split()]
        return max(map(text_width, words), default=0.0) > pitch - 4

    def x_ticks(self, x: Axis) -> Ticks:
        """Ticks of a horizontal axis with the lines of their texts, none over another."""
        pixels = self.plot * (x.domain[1] - x.domain[0])
        found = ticks(x, max(2, round(pixels / 62)))
        if x.kind == "category":
            pitch = pixels / max(len(found), 1)
            turned = self.slanted(x)
            return [(at, lines_of(text) if turned else wrapped(text, pitch - 6)) for at, text in found]
        kept: Ticks = []
        end = -1e9
        for unit, text in sorted(found, key=lambda tick: x.at(tick[0])):
            lines = wrapped(text, 70) if x.spec.get("ticktext") else lines_of(text)
            half, middle = max(map(text_width, lines)) / 2, x.at(unit) * pixels
            if middle - half > end + 6:
                kept.append((unit, lines))
                end = middle + half
        return kept

    def hidden(self, axis: Axis) -> bool:
        """Whether an axis shows no texts at its ticks."""
        return axis.spec.get("showticklabels") is False

    def x_title(self, x: Axis) -> list[str]:
        """Lines of the title below a horizontal axis."""
        text = title(x)
        return wrapped(text, max(self.plot * (x.domain[1] - x.domain[0]), 60)) if text else []

    def _below(self, x: Axis) -> float:
        return self.labels_below(x) + (6 + LINE * len(self.x_title(x)) if title(x) else 0) + 4

    def labels_below(self, x: Axis) -> float:
        """Pixels that the texts at the ticks of a horizontal axis take."""
        if self.hidden(x):
            return 6.0
        found = self.x_ticks(x)
        if self.slanted(x):
            return 0.87 * max(text_width(" ".join(lines)) for _, lines in found) + 12
        return 6 + LINE * max((len(lines) for _, lines in found), default=1)

    def along(self, axis: Axis, share: float) -> float:
        """Pixel at a share of an axis, from its beginning."""
        start, end = axis.domain
        place = start + share * (end - start)
        if axis.letter == "x":
            return self.left + place * self.plot
        return self.height - self.bottom - place * (self.height - self.top - self.bottom)

    def pixel(self, axis: Axis, value: object) -> float | None:
        """Pixel of a value of an axis; None for a gap, and for what a logarithm has no place for."""
        unit = axis.unit(value)
        return None if unit is None else self.along(axis, axis.at(unit))


def title(axis: Axis) -> str:
    """Title of an axis, or nothing."""
    given: Any = axis.spec.get("title") or {}
    return str(given if isinstance(given, str) else given.get("text") or "")


def is_panel_name(note: Spec) -> bool:
    """Whether a note is what Plotly makes of a title of a subplot."""
    return note.get("yref") == "paper" and note.get("yanchor") == "bottom" and not note.get("showarrow")
