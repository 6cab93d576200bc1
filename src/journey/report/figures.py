"""Put a figure on a page: a picture that needs no script, and the same figure to explore.

`show_figure` prints a raw block, so a chapter calls it in a cell with `output: asis`. The picture is SVG in
the colours of the page, once as wide as the text and once for a phone. What Plotly draws when a reader asks
for it (`assets/figures.js`) is the figure's JSON, with the same ranges, which `postrender` takes out of the
page.
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio

from journey.errors import JourneyError
from journey.report.drawing import PHONE, WIDE, drawing, settle
from journey.report.markup import checked_id, checked_text, escape, raw_block, script_json
from journey.report.style import plotly_template, role_token
from journey.report.tables import data_behind, truth_key

DATA_ROWS = 200
SIGNIFICANT_DIGITS = 6
TITLE_PIXELS = 32
LABEL_PIXELS = 48
#: What the plotly.js of the site can draw (`report.vendor`); pictures of other figures tell their values.
EXPLORED = {"scatter", "bar"}

_CARTESIAN = {"x": "xaxis", "y": "yaxis"}
_COLOUR_KEY = re.compile(r"colou?r(scale|way|s)?$")
_EXTRA = re.compile(r"&lt;(/?extra)&gt;")


def show_figure(
    figure: go.Figure,
    *,
    id: str,
    title: str,
    alt: str,
    data: pd.DataFrame,
    height: int = 420,
    source: str | None = None,
) -> None:
    """Print a figure with alternative text and the data behind it.

    Parameters
    ----------
    figure
        Plotly figure; every axis needs a title, every colour must be of the palette (`style.colour`).
        Its own title, template, width and height are dropped. Texts are shown letter by letter, whatever
        names the data hold; only a line break breaks a line, and a hover template may have its `<extra>`.
    id
        Unique on the page: lower-case letters, digits, hyphens.
    title
        What the figure shows, in a sentence; stands above it.
    alt
        What a reader who cannot see it should know: form, axes and the finding.
    data
        The numbers drawn; the first 200 rows stand in a table below.
    height
        Height in CSS pixels at full width; on a phone it may grow.
    source
        Where the data comes from, one line.

    Raises
    ------
    JourneyError
        For a missing title, alternative text, axis title or data, or a colour outside the palette.
    """
    owner = f"figure '{checked_id(id, 'figure')}'"
    title = checked_text(title, "title", owner)
    alt = checked_text(alt, "alternative text", owner)
    if data.empty:
        raise JourneyError(f"{owner} has no rows in its data table; pass the frame that was drawn")
    require_axis_titles(figure, owner)
    spec = figure_json(figure, owner, height)
    settle(spec)
    pictures = "\n".join(
        drawing(spec, width=width, height=height, attributes=f' class="{name}" aria-hidden="true"')
        for name, width in (("wide", WIDE), ("phone", PHONE))
    )
    explored = {trace["type"] for trace in spec["data"]} <= EXPLORED
    json_block = f'<script type="application/json">{script_json(spec)}</script>\n' if explored else ""
    button = (
        '<button type="button" class="figure-explore" aria-pressed="false" '
        f'aria-label="Explore: {escape(title)}">Explore</button>\n'
    )
    note = f'<p class="figure-source">Source: {escape(source)}</p>' if source else ""
    print(
        raw_block(
            "html",
            f'<figure class="journey-figure" id="plot-{id}">\n'
            f'<figcaption class="figure-title">{escape(title)}</figcaption>\n'
            f'<div class="figure-plot" role="img" aria-label="{escape(alt)}">\n{pictures}\n</div>\n'
            f"{json_block}{button if explored else ''}"
            f"{data_behind(data, title, DATA_ROWS)}{note}{truth_key('@truth' in script_json(spec))}</figure>",
        )
    )


def require_axis_titles(figure: go.Figure, owner: str) -> None:
    """Refuse a figure whose axes do not say what they measure.

    Raises
    ------
    JourneyError
        When a visible cartesian axis in use has no title, nor one that it is matched to.
    """
    layout = figure.layout
    for letter, prefix in _CARTESIAN.items():
        names: dict[str, Any] = {}
        for trace in figure.data:
            if f"{letter}axis" not in trace:
                continue
            reference = trace[f"{letter}axis"] or letter
            names[reference] = layout[prefix + reference[1:]]
        titled = {axis.matches or name for name, axis in names.items() if _has_title(axis)}
        for name, axis in names.items():
            if axis.visible is False or _has_title(axis) or (axis.matches or name) in titled:
                continue
            raise JourneyError(
                f"{owner} has no title on its {name} axis; say what it measures and in which unit "
                f"(figure.update_{prefix}es(title=...))"
            )


def figure_json(figure: go.Figure, owner: str = "the figure", height: int = 420) -> dict[str, Any]:
    """Plain JSON of a figure: house template, rounded numbers, colours as roles, no ids.

    The same figure gives the same value on every run.
    """
    plain = json.loads(pio.to_json(figure, validate=False, engine="json", remove_uids=True))
    data, layout = plain.get("data", []), plain.get("layout", {})
    for dropped in ("template", "title", "width", "height"):
        layout.pop(dropped, None)
    _settle_subplot_titles(layout, height)
    if any(trace.get("textposition") == "outside" and trace.get("orientation") == "h" for trace in data):
        layout["margin"] = {"r": LABEL_PIXELS} | layout.get("margin", {})
    house = go.Figure(layout={"template": plotly_template()})
    layout["template"] = json.loads(pio.to_json(house, engine="json"))["layout"]["template"]
    return {"data": _tidy(data, owner), "layout": _tidy(layout, owner)}


def _settle_subplot_titles(layout: dict[str, Any], height: int) -> None:
    """Give subplot titles the size of the house and lift the legend above those of the top row."""
    titles = [note for note in layout.get("annotations", []) if note.get("yref") == "paper"]
    titles = [note for note in titles if note.get("yanchor") == "bottom" and not note.get("showarrow")]
    for note in titles:
        note["font"] = {"size": 13} | {
            key: value for key, value in note.get("font", {}).items() if key != "size"
        }
    if any(note["y"] >= 1 for note in titles):
        layout["legend"] = {"y": 1 + TITLE_PIXELS / height} | layout.get("legend", {})
        layout["margin"] = {"t": TITLE_PIXELS} | layout.get("margin", {})


def _has_title(axis: Any) -> bool:
    return bool(axis.title is not None and axis.title.text and axis.title.text.strip())


def _tidy(value: Any, owner: str, colours: bool = False) -> Any:
    if isinstance(value, dict):
        if "bdata" in value:
            return _tidy(_decoded(value), owner, colours)
        return {
            key: _tidy(item, owner, colours or _COLOUR_KEY.search(key) is not None)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_tidy(item, owner, colours) for item in value]
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, str):
        return _role(value, owner) if colours else _literal(value)
    return value


def _literal(text: str) -> str:
    """Text that Plotly, which reads tags and entities in it, shows letter by letter."""
    return _EXTRA.sub(r"<\1>", html.escape(text, quote=False)).replace("\n", "<br>")


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def _role(value: str, owner: str) -> str:
    token = role_token(value)
    if token is not None:
        return token
    if re.match(r"#|rgb|hsl|hsv", value.strip().lower()) or value.isalpha():
        raise JourneyError(
            f"{owner} uses the colour '{value}', which the palette lacks and dark mode cannot change; "
            "use journey.report.style.colour('series-1') or another role"
        )
    return value


def _decoded(packed: dict[str, Any]) -> list[Any]:
    # Plotly packs NumPy arrays as base64, with its own names for the number types.
    array = np.frombuffer(base64.b64decode(packed["bdata"]), dtype=np.dtype(packed["dtype"]))
    if "shape" in packed:
        shape = packed["shape"]
        array = array.reshape([int(side) for side in str(shape).split(",")])
    values: list[Any] = array.tolist()
    return values
