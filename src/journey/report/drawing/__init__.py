"""Figures as SVG, drawn when the report is built: no script, no other program, the same bytes every time.

A drawing starts from the JSON of a Plotly figure (`figures.figure_json`), and knows what the report's
figures use: points, lines, areas, bars, cells, flows; linear, logarithmic, date and category axes. Colours
are custom properties of the page, so that it follows light and dark.
"""

from __future__ import annotations

from journey.errors import JourneyError
from journey.report.drawing.axes import Axis, Spec, settle
from journey.report.drawing.flows import draw_flows
from journey.report.drawing.frame import across, around, behind, notes
from journey.report.drawing.marks import draw_trace
from journey.report.drawing.names import with_names
from journey.report.drawing.sheet import Sheet
from journey.report.style import FONT_FIGURES

#: Pixels of the two drawings of a figure: as wide as the column of text, and for a phone.
WIDE, PHONE = 688, 350
KNOWN = {"scatter", "bar", "heatmap", "sankey"}

__all__ = ["PHONE", "WIDE", "Axis", "drawing", "settle", "sheet_of"]


def sheet_of(spec: Spec, width: int, height: int) -> Sheet:
    """The sheet of a figure with axes, which knows the pixel of every value."""
    return Sheet(spec, settle(spec), width, height)


def drawing(spec: Spec, *, width: int, height: int, attributes: str = "") -> str:
    """SVG of a figure.

    Parameters
    ----------
    spec
        `data` and `layout` as `figures.figure_json` gives them.
    width, height
        Pixels; text keeps its size.
    attributes
        Further attributes of the `svg` element.

    Raises
    ------
    JourneyError
        For a kind of trace that no figure of the report has used so far.
    """
    kinds = {trace["type"] for trace in spec["data"]}
    if wrong := kinds - KNOWN:
        raise JourneyError(f"a drawing knows {', '.join(sorted(KNOWN))}, not {', '.join(sorted(wrong))}")
    if "sankey" in kinds:
        body = draw_flows(spec, width, height)
    else:
        sheet, names = with_names(sheet_of(spec, width, height))
        body, height = "".join([_plot(sheet), *names]), round(sheet.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"{attributes} '
        f'font-family="{FONT_FIGURES}, sans-serif" font-size="12" fill="var(--ink)">{body}</svg>'
    )


def _plot(sheet: Sheet) -> str:
    bars: dict[tuple[str, str], int] = {}
    parts = [*sheet.legend.parts, *behind(sheet)]
    for trace in sheet.spec["data"]:
        panel = trace.get("xaxis", "x"), trace.get("yaxis", "y")
        parts += draw_trace(sheet, trace, bars.get(panel, 0))
        bars[panel] = bars.get(panel, 0) + (trace["type"] == "bar")
    return "".join([*parts, *across(sheet), *around(sheet), *notes(sheet)])
