"""The house style: one palette for pages, Plotly, drawings and the PDF.

`assets/site.css` defines the same roles as custom properties, and their colours on the dark page; a test
holds the two together. Figures are drawn in Python with the light colours; on the page every colour is
replaced by its role, so that a switch to dark mode recolours figures without redrawing them in Python.
"""

from __future__ import annotations

import re
from types import MappingProxyType

import plotly.graph_objects as go

from journey.errors import JourneyError

FONT_TEXT = "Journey Serif"
FONT_FIGURES = "Schibsted Grotesk"

LIGHT = MappingProxyType(
    {
        "ink": "#1b242c",
        "muted": "#56626d",
        "axis": "#8a959f",
        "line": "#dde2e6",
        "paper": "#ffffff",
        "neutral": "#b4bec6",
        "series-1": "#176c88",
        "series-2": "#b14b18",
        "series-3": "#583388",
        "series-4": "#95932b",
        "series-5": "#c97692",
        "series-6": "#203c4d",
        "truth": "#2e7d32",
        "ramp-1": "#edf4f6",
        "ramp-2": "#bcd8e0",
        "ramp-3": "#7cb2c3",
        "ramp-4": "#317c95",
        "ramp-5": "#0d4a5f",
        "diverging-low": "#b3501f",
        "diverging-mid": "#f0f1f0",
        "diverging-high": "#1a6b87",
    }
)
SERIES = tuple(LIGHT[f"series-{number}"] for number in range(1, 7))
#: Above this share of the ramp text takes the colour of the paper: there both colours read equally well, in
#: light and in dark mode.
STRONG = 0.7
SEQUENTIAL = [[step / 4, LIGHT[f"ramp-{step + 1}"]] for step in range(5)]
DIVERGING = [[0.0, LIGHT["diverging-low"]], [0.5, LIGHT["diverging-mid"]], [1.0, LIGHT["diverging-high"]]]

_ROLE_OF = {value: role for role, value in LIGHT.items()}
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_RGB = re.compile(r"rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)")


def colour(role: str, alpha: float = 1.0) -> str:
    """Light-mode colour of a role, as Plotly accepts it.

    Parameters
    ----------
    role
        A key of `LIGHT`, such as `"series-1"` (the accent), `"neutral"` or `"muted"`.
    alpha
        Opacity from 0 to 1; below 1 the result is `rgba(...)`.

    Raises
    ------
    JourneyError
        When the palette has no such role.
    """
    if role not in LIGHT:
        raise JourneyError(f"The palette has no colour role '{role}'; use one of {', '.join(LIGHT)}.")
    value = LIGHT[role]
    if alpha >= 1:
        return value
    red, green, blue = (int(value[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def role_token(value: str) -> str | None:
    """Name the role of a colour as `@role` or `@role/alpha`; None when the palette lacks the colour.

    `transparent` and any colour of zero opacity stay as they are.
    """
    text = value.strip().lower()
    if text == "transparent":
        return text
    if _HEX.fullmatch(text):
        role, alpha = _ROLE_OF.get(text), 1.0
    elif match := _RGB.fullmatch(text):
        red, green, blue = (int(part) for part in match.groups()[:3])
        alpha = float(match.group(4) or 1)
        if alpha == 0:
            return "transparent"
        role = _ROLE_OF.get(f"#{red:02x}{green:02x}{blue:02x}")
    else:
        return None
    if role is None:
        return None
    return f"@{role}" if alpha == 1 else f"@{role}/{alpha:g}"


def plotly_template() -> go.layout.Template:
    """House template: colours, fonts, quiet axes, direct margins. `show_figure` applies it."""
    font = {"family": f"{FONT_FIGURES}, system-ui, sans-serif", "size": 13, "color": LIGHT["ink"]}
    axis = {
        "automargin": True,
        "gridcolor": LIGHT["line"],
        "linecolor": LIGHT["axis"],
        "zerolinecolor": LIGHT["axis"],
        "zerolinewidth": 1,
        "tickcolor": LIGHT["axis"],
        "tickfont": {"color": LIGHT["muted"], "size": 12},
        "title": {"font": {"color": LIGHT["muted"], "size": 13}, "standoff": 10},
    }
    layout = {
        "font": font,
        "colorway": list(SERIES),
        "colorscale": {"sequential": SEQUENTIAL, "sequentialminus": SEQUENTIAL, "diverging": DIVERGING},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": LIGHT["paper"],
            "bordercolor": LIGHT["axis"],
            "font": {"color": LIGHT["ink"], "family": font["family"], "size": 13},
        },
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"color": LIGHT["ink"]},
            "title": {"text": ""},
        },
        "separators": ".,",
        "xaxis": axis | {"showgrid": False, "showline": True, "ticks": "outside", "ticklen": 4},
        "yaxis": axis | {"showgrid": True, "showline": False, "ticklabelstandoff": 4},
        "bargap": 0.32,
    }
    bar = {"colorbar": {"outlinewidth": 0, "thickness": 12, "ticks": "", "tickfont": axis["tickfont"]}}
    scaled = bar | {"colorscale": SEQUENTIAL}
    return go.layout.Template(
        layout=layout | {"coloraxis": scaled},
        data={
            "bar": [{"marker": {"line": {"width": 0}}}],
            "heatmap": [scaled],
            "scatter": [{"marker": scaled, "cliponaxis": False}],
        },
    )
