"""Small annotated charts as SVG, on the page before any script: labelled bars or dots with intervals.

Text is text, in the font of the site and in the colours of the page; the same SVG goes into the PDF.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from journey.errors import JourneyError
from journey.files import write_text
from journey.paths import project
from journey.report.drawing.paper import text_width
from journey.report.markup import checked_id, checked_text, escape, raw_block, typst_string
from journey.report.style import FONT_FIGURES, LIGHT, colour
from journey.report.tables import data_behind

WIDTH, ROW, TOP = 440.0, 46.0, 20.0
#: Height of a bar; sizes of texts, and of regular letters as wide as the bold ones.
BAR, TEXT, SMALL, BOLD = 18.0, 15.0, 13.0, 16.2
#: Between a label and what follows it; below the rows, for the name of the line where they start.
GAP, FOOT = 7.0, 18.0
ROWS_OF_DATA = 50


@dataclass(frozen=True)
class Mark:
    """One row of a chart: label, value, the text beside it, colour, interval, a note inside its bar."""

    label: str
    value: float
    text: str
    role: str = "series-1"
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The interval, or the value twice."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )


def sketch(
    marks: Sequence[Mark], *, bars: bool = False, line: tuple[float, str] | None = None, start: float = 0.0
) -> str:
    """SVG of marks one below the other on a common scale that holds `start`.

    Parameters
    ----------
    bars
        Bars from `start`; otherwise dots.
    line
        Value and name of a vertical line through all rows, such as the truth.
    start
        Where bars begin, and where a thin line with its value below stands.

    Raises
    ------
    JourneyError
        For no marks, or marks that all lie at `start`.
    """
    apart = any(mark.low is not None for mark in marks)
    values = [
        start,
        *(end for mark in marks for end in (*mark.ends, mark.value)),
        *([line[0]] if line else []),
    ]
    least, most = min(values), max(values)
    if least == most:
        raise JourneyError("a chart needs a mark that differs from where it starts")
    # An interval that ends at the edge would look cut off.
    beside = 0.03 * (most - least) if apart else 0.0
    least, most = least - beside * (least < start), most + beside * (most > start)
    right = 0.0 if apart else max(text_width(mark.text, BOLD) for mark in marks) + 8
    head = TOP if line else 4.0

    def x(value: float) -> float:
        return round(6 + (value - least) / (most - least) * (WIDTH - 12 - right), 1)

    height = head + ROW * len(marks) + FOOT
    parts = []
    if line:
        side = "middle" if x(line[0]) > 60 else "start"
        parts.append(_text(x(line[0]), head - 5, line[1], "truth", anchor=side))
    for place, mark in enumerate(marks):
        top = head + place * ROW
        # The lines leave out the labels, which they would strike through.
        parts.append(_line(x(start), top + 21, x(start), top + 42, "axis", 1))
        if line:
            parts.append(_line(x(line[0]), top + 21, x(line[0]), top + 42, "truth", 1.6, "4 3"))
        parts += _row(mark, top, x, start if bars else None, apart=apart)
    named = f"{start:g}"
    middle = max(x(start), text_width(named, SMALL) / 2)
    parts.append(_text(middle, height - 4, named, "muted", anchor="middle", size=SMALL))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH:g} {height:g}" font-family="{FONT_FIGURES}" font-size="{TEXT:g}">'
        f"\n{body}\n</svg>\n"
    )


def _row(mark: Mark, top: float, x, start: float | None, *, apart: bool) -> list[str]:  # type: ignore[no-untyped-def]
    """Label above, bar or dot below it; the text at the end of the bar, `apart` after the label.

    Beside an interval it would read as the bound.
    """
    middle, (low, high) = top + 31, mark.ends
    tone = colour(mark.role)
    parts = [_text(6, top + 15, mark.label, "ink", strong=(mark.text, mark.role) if apart else None)]
    if start is not None:
        left, right = sorted((x(start), x(mark.value)))
        width = max(right - left, 1.0)
        parts.append(
            f'<rect x="{left:g}" y="{middle - BAR / 2:g}" width="{width:.1f}" height="{BAR:g}" '
            f'rx="1.5" fill="{tone}"/>'
        )
        if mark.note and text_width(mark.note, SMALL) + 16 < width:
            parts.append(_text(right - 8, middle + 4.5, mark.note, "paper", anchor="end", size=SMALL))
    if low < high:
        over = "ink" if start is not None else mark.role
        parts.append(_line(x(low), middle, x(high), middle, over, 2))
        if start is not None:
            parts += [_line(x(end), middle - 5, x(end), middle + 5, over, 2) for end in (low, high)]
    if start is None:
        parts.append(f'<circle cx="{x(mark.value):g}" cy="{middle:g}" r="5.5" fill="{tone}"/>')
    if not apart:
        after = max(x(mark.value), x(start) if start is not None else 0.0)
        parts.append(_text(after + 8, middle + 5, "", mark.role, strong=(mark.text, mark.role)))
    return parts


def _text(
    x: float,
    y: float,
    text: str,
    role: str,
    *,
    strong: tuple[str, str] | None = None,
    anchor: str = "start",
    size: float = TEXT,
) -> str:
    """A text, and after it in bold another in a role of its own."""
    look = f' font-size="{size:g}"' if size != TEXT else ""
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    after = ""
    if strong:
        gap = f' dx="{GAP:g}"' if text else ""
        after = f'<tspan{gap} fill="{colour(strong[1])}" font-weight="700">{escape(strong[0])}</tspan>'
    return f'<text x="{x:g}" y="{y:g}" fill="{colour(role)}"{look}>{escape(text)}{after}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, role: str, width: float, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour(role)}" '
        f'stroke-width="{width:g}"{dashes}/>'
    )


def _inline(svg: str) -> str:
    """The chart to stand in a page: colours as custom properties, fluid width."""
    for role, value in LIGHT.items():
        svg = svg.replace(f'"{value}"', f'"var(--{role})"')
    head, bracket, rest = svg.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} aria-hidden="true" focusable="false"{bracket}{rest}'


def show_sketch(svg: str, *, id: str, title: str, alt: str, data: pd.DataFrame | None = None) -> None:
    """Print a chart for the page and for the PDF; call it in a cell with `output: asis`.

    Parameters
    ----------
    svg
        From `sketch`; it is also written to `data/results/figures/<id>.svg`.
    title
        What it shows, in a sentence; stands above it.
    alt
        What a reader who cannot see it should know.
    data
        The numbers drawn; without them the text beside the chart must give them.

    Raises
    ------
    JourneyError
        For a bad id, or a missing title or alternative text.
    """
    owner = f"figure '{checked_id(id, 'figure')}'"
    title, alt = checked_text(title, "title", owner), checked_text(alt, "alternative text", owner)
    file = project().results / "figures" / f"{id}.svg"
    write_text(file, svg)
    address = "/" + file.relative_to(project().root).as_posix()
    behind = "" if data is None else data_behind(data, title, ROWS_OF_DATA)
    page = (
        f'<figure class="sketch" id="plot-{id}">\n'
        f'<figcaption class="figure-title">{escape(title)}</figcaption>\n'
        f'<div class="static-figure" role="img" aria-label="{escape(alt)}">{_inline(svg)}</div>\n'
        f"{behind}</figure>"
    )
    paper = (
        f'#block(breakable: false)[#text(font: "{FONT_FIGURES}", size: 8.6pt, weight: "bold", '
        f"{typst_string(title)})\n"
        f"#v(-0.5em)\n#image({typst_string(address)}, alt: {typst_string(alt)}, width: 100%)]"
    )
    print(raw_block("html", page) + raw_block("typst", paper))
