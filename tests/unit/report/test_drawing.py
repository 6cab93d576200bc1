"""Drawings of figures: where marks stand, what ticks say, what a phone gets."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots
from support.places import ROOT

from journey.errors import JourneyError
from journey.report.drawing import PHONE, WIDE, drawing
from journey.report.drawing.axes import Axis, ticks
from journey.report.drawing.formats import hover, say
from journey.report.drawing.paper import on_paper, ramp, text_width, wrapped
from journey.report.figures import figure_json
from journey.report.marks import estimates
from journey.report.style import LIGHT, SEQUENTIAL, colour

SVG = "{http://www.w3.org/2000/svg}"
# Coordinates have one decimal.
PIXEL = 0.11


def titled(figure: go.Figure, **layout: Any) -> go.Figure:
    return figure.update_xaxes(title="x").update_yaxes(title="y").update_layout(**layout)


def drawn(figure: go.Figure, width: int = WIDE, height: int = 400) -> ElementTree.Element:
    return ElementTree.fromstring(drawing(figure_json(figure), width=width, height=height))


def paths(svg: ElementTree.Element, role: str, what: str = "stroke") -> list[str]:
    """Paths in a colour, which they may have from the group around them."""
    found = [one.get("d", "") for one in svg.iter(f"{SVG}path") if one.get(what) == f"var(--{role})"]
    groups = [one for one in svg.iter(f"{SVG}g") if one.get(what) == f"var(--{role})"]
    return found + [path.get("d", "") for group in groups for path in group.iter(f"{SVG}path")]


def numbers(path: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", path)]


def heights(path: str) -> list[float]:
    """Vertical coordinates of a path of absolute commands."""
    found = re.findall(r"([MCHVL])([^MCHVLz]*)", path)
    return [
        height
        for command, given in found
        for height in (numbers(given) if command == "V" else numbers(given)[1::2] if command != "H" else [])
    ]


def texts(svg: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Text -> where it stands."""
    return {
        "".join(one.itertext()): (float(one.get("x", 0)), float(one.get("y", 0)))
        for one in svg.iter(f"{SVG}text")
    }


def plot_of(svg: ElementTree.Element) -> tuple[float, float, float]:
    """Left, right and bottom of a plot of one panel, from the line that the axis is."""
    left, bottom, right = numbers(paths(svg, "axis")[-1])[:3]
    return left, right, bottom


def circles(svg: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(one.get("cx", 0)), float(one.get("cy", 0))) for one in svg.iter(f"{SVG}circle")]


def test_points_lie_where_a_linear_scale_puts_them():
    figure = go.Figure(
        go.Scatter(x=[0, 2.5, 10], y=[1, 3, 5], mode="markers", marker={"color": colour("series-1")})
    )
    svg = drawn(titled(figure, xaxis_range=[0, 10], yaxis_range=[1, 5]))
    left, right, bottom = plot_of(svg)
    (x0, y0), (x1, y1), (x2, y2) = circles(svg)
    assert (x0, y0) == pytest.approx((left, bottom), abs=PIXEL)
    assert x1 == pytest.approx(left + (right - left) / 4, abs=PIXEL)
    assert x2 == pytest.approx(right, abs=PIXEL)
    assert y1 == pytest.approx((y0 + y2) / 2, abs=PIXEL)
    ticks = texts(svg)
    assert ticks["0"][0] == pytest.approx(left, abs=PIXEL)
    assert ticks["10"][0] == pytest.approx(right, abs=PIXEL)


def test_ten_stands_half_way_from_one_to_a_hundred_on_a_logarithmic_axis():
    figure = go.Figure(
        go.Scatter(x=[1, 10, 100], y=[0, 1, 0], mode="markers", marker={"color": colour("series-1")})
    )
    svg = drawn(titled(figure, xaxis={"type": "log", "dtick": 1}))
    (one, _), (ten, _), (hundred, _) = circles(svg)
    assert ten == pytest.approx((one + hundred) / 2, abs=PIXEL)
    ticks = texts(svg)
    assert [ticks[name][0] for name in ("1", "10", "100")] == pytest.approx([one, ten, hundred], abs=PIXEL)


def test_a_bar_is_as_long_as_its_value_and_begins_at_its_base():
    figure = go.Figure(go.Bar(x=["a", "b"], y=[10, 40], marker={"color": colour("series-1")}))
    svg = drawn(titled(figure))
    (path,) = paths(svg, "series-1", "fill")
    low, high = (numbers(bar) for bar in path.split("z")[:2])
    assert high[3] / low[3] == pytest.approx(4, rel=0.01)
    assert low[1] + low[3] == high[1] + high[3] == pytest.approx(plot_of(svg)[2], abs=PIXEL)
    figure = go.Figure(
        go.Bar(y=["a", "b"], x=[2, -1], base=[1, 3], orientation="h", marker={"color": colour("series-1")})
    )
    svg = drawn(titled(figure, xaxis_range=[0, 4]))
    left, right, _ = plot_of(svg)
    one, two = (numbers(bar) for bar in paths(svg, "series-1", "fill")[0].split("z")[:2])
    unit = (right - left) / 4
    assert (one[0], one[2]) == pytest.approx((left + unit, 2 * unit), abs=2 * PIXEL)
    assert (two[0], two[2]) == pytest.approx((left + 2 * unit, unit), abs=2 * PIXEL)


def test_bars_side_by_side_share_their_place():
    figure = go.Figure()
    for role in ("series-1", "series-2"):
        figure.add_bar(x=["a", "b"], y=[1, 2], name=role, marker={"color": colour(role)})
    svg = drawn(titled(figure, barmode="group"))
    left, right = (numbers(paths(svg, role, "fill")[-1]) for role in ("series-1", "series-2"))
    assert left[0] + left[2] == pytest.approx(right[0], abs=2 * PIXEL)
    assert texts(svg)["a"][0] == pytest.approx(right[0], abs=2 * PIXEL)


def test_an_interval_reaches_from_its_low_to_its_high_end_and_the_first_row_is_on_top():
    frame = pd.DataFrame(
        {"who": ["first", "last"], "value": [3.0, 6.0], "low": [2.0, 5.0], "high": [5.0, 6.5]}
    )
    figure = estimates(
        frame, label="who", value="value", low="low", high="high", axis="Value", tickformat=".0f"
    )
    figure.update_xaxes(range=[0, 10])
    figure.update_yaxes(title="Who")
    svg = drawn(figure)
    left, right, _ = plot_of(svg)
    bars = [numbers(one) for one in paths(svg, "series-1")[0].split("M")[1:]]
    for (start, _, end), (low, high) in zip(bars, [(5, 6.5), (2, 5)], strict=True):
        assert start == pytest.approx(left + low / 10 * (right - left), abs=PIXEL)
        assert end == pytest.approx(left + high / 10 * (right - left), abs=PIXEL)
    names = texts(svg)
    assert names["first"][1] < names["last"][1]
    assert circles(svg)[1][1] == bars[1][1]


def test_a_gap_breaks_a_line_and_a_step_is_level_first():
    figure = go.Figure(
        go.Scatter(x=[0, 1, 2, 3], y=[0, 1, None, 1], mode="lines", line={"color": colour("series-1")})
    )
    assert paths(drawn(titled(figure)), "series-1")[0].count("M") == 2
    figure = go.Figure(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": colour("series-1"), "shape": "hv"})
    )
    assert re.fullmatch(r"M[\d.]+ [\d.]+H[\d.]+V[\d.]+", paths(drawn(titled(figure)), "series-1")[0])


def test_drawing_and_plotly_get_the_same_ranges():
    figure = titled(
        go.Figure(go.Scatter(x=[1, 2], y=[0.2, 0.4], mode="markers", marker={"color": colour("truth")}))
    )
    figure.update_yaxes(rangemode="tozero", autorange="reversed")
    spec = figure_json(figure)
    first = drawing(spec, width=WIDE, height=400)
    assert spec["layout"]["xaxis"]["range"] == pytest.approx([0.95, 2.05])
    assert spec["layout"]["yaxis"]["range"] == pytest.approx([0.42, 0])
    assert "autorange" not in spec["layout"]["yaxis"]
    assert drawing(spec, width=WIDE, height=400) == first


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.05510241, 0.1406845, ["0.06", "0.08", "0.10", "0.12", "0.14"]),
        (0.51, 1.49, ["0.6", "0.8", "1.0", "1.2", "1.4"]),
        (11, 19, ["12", "14", "16", "18"]),
    ],
)
def test_a_scale_has_two_ticks_wherever_it_begins(low: float, high: float, said: list[str]):
    found = ticks(Axis("x", "x", "linear", {}, low, high), most=2)
    assert [text for _, text in found] == said


def test_days_and_months_are_ticks_of_dates():
    days = pd.date_range("2025-01-06", periods=60, freq="D").strftime("%Y-%m-%d")
    figure = go.Figure(go.Scatter(x=days, y=np.arange(60), line={"color": colour("series-1")}))
    svg = drawn(titled(figure))
    left, right, _ = plot_of(svg)
    assert texts(svg)["6 Jan 2025"][0] == pytest.approx(left, abs=PIXEL)
    assert texts(svg)["20 Jan"][0] == pytest.approx(left + 14 / 59 * (right - left), abs=PIXEL)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    # From the documentation of d3-format, whose formats Plotly uses, and by its rules.
    [
        (0.123, ".0%", "12%"),
        (0.5, ".1%", "50.0%"),
        (1234.5, ",.0f", "1,234"),
        (-3.5, "+.1f", "−3.5"),
        (3.5, "+.1f", "+3.5"),
        (0.00042, ".3~g", "0.00042"),
        (42.0, ".3~g", "42"),
        (4.2, ".3g", "4.20"),
        (1234, ",", "1,234"),
        (7, "", "7"),
        ("paid &amp; social", "", "paid & social"),
    ],
)
def test_numbers_read_as_plotly_writes_them(value: object, form: str, text: str):
    assert say(value, form) == text


def test_pointing_at_a_cell_tells_its_value_and_the_largest_is_darkest():
    figure = go.Figure(
        go.Heatmap(
            z=[[0.0, 0.25], [0.5, 1.0]],
            x=["a", "b"],
            y=["c", "d"],
            colorscale=SEQUENTIAL,
            showscale=False,
            hovertemplate="%{y} to %{x}: %{z:.1%}<extra></extra>",
        )
    )
    svg = drawn(titled(figure))
    hints = [one.text for one in svg.iter(f"{SVG}title")]
    assert sorted(hints) == ["c to a: 0.0%", "c to b: 25.0%", "d to a: 50.0%", "d to b: 100.0%"]
    darkest = [one for one in svg.iter(f"{SVG}g") if one.get("fill") == "var(--ramp-5)"]
    assert [one.text for one in darkest[0].iter(f"{SVG}title")] == ["d to b: 100.0%"]
    assert hover("%{label}<br>%{value:,}<extra>x</extra>", {"label": "a", "value": 1000}) == "a, 1,000"


def test_flows_fill_their_nodes_and_keep_clear_of_others():
    figure = go.Figure(
        go.Sankey(
            node={
                "label": ["view", "cart", "leave"],
                "color": [colour("series-1"), colour("series-2"), colour("series-3")],
                "hovertemplate": "%{label}: %{value:,}<extra></extra>",
            },
            link={
                "source": [0, 0, 1],
                "target": [1, 2, 2],
                "value": [30, 70, 30],
                "color": colour("neutral", 0.35),
                "hovertemplate": "%{source.label} to %{target.label}: %{value:,}<extra></extra>",
            },
        )
    )
    svg = drawn(figure)
    boxes = {role: numbers(paths(svg, f"series-{role}", "fill")[-1]) for role in (1, 2, 3)}
    assert boxes[2][3] / boxes[1][3] == pytest.approx(0.3, abs=0.01)
    assert boxes[3][3] == boxes[1][3]
    assert boxes[1][0] < boxes[2][0] < boxes[3][0]
    hints = {one.text for one in svg.iter(f"{SVG}title")}
    assert {"view to leave: 70", "cart: 30"} <= hints
    # What passes the cart's column runs above it.
    (past,) = (
        one
        for one in svg.iter(f"{SVG}path")
        if one.find(f"{SVG}title") is not None and one.find(f"{SVG}title").text == "view to leave: 70"
    )
    assert max(heights(past.get("d", ""))) <= boxes[2][1]


@pytest.mark.parametrize(("named", "times"), [("buy", 2), ("cart", 1)])
def test_a_thin_end_of_flows_is_named_and_a_thin_step_is_not(named, times):
    figure = go.Figure(
        go.Sankey(
            node={
                "label": ["view", "cart", "leave", "buy"],
                "color": [colour(f"series-{place}") for place in (1, 2, 3, 4)],
                "hovertemplate": "%{label}: %{value:,}<extra></extra>",
            },
            link={
                "source": [0, 0, 1, 1],
                "target": [1, 2, 2, 3],
                "value": [2, 998, 1, 1],
                "color": colour("neutral", 0.35),
                "hovertemplate": "%{source.label} to %{target.label}: %{value:,}<extra></extra>",
            },
        )
    )
    texts = [one.text for one in drawn(figure).iter(f"{SVG}text")]
    # Once in the key of the colours.
    assert texts.count(named) == times


def test_a_phone_gets_long_names_above_their_rows_and_a_taller_drawing():
    names = [f"a name that is far too long for a phone, number {place}" for place in range(14)]
    frame = pd.DataFrame({"who": names, "value": range(14)}).assign(
        low=lambda all: all["value"], high=lambda all: all["value"]
    )
    figure = estimates(
        frame, label="who", value="value", low="low", high="high", axis="Value", tickformat=".0f"
    )
    figure.update_yaxes(title="Who")
    wide, phone = drawn(figure), drawn(figure, PHONE)
    assert wide.get("viewBox") == f"0 0 {WIDE} 400"
    assert float((phone.get("viewBox") or "").split()[3]) > 14 * 30
    assert texts(phone)[names[0]][0] == 0
    assert plot_of(phone)[0] < 20 < plot_of(wide)[0]
    for svg, width in ((wide, WIDE), (phone, PHONE)):
        assert max(x for x, _ in texts(svg).values()) <= width


def test_panels_carry_their_names_and_never_a_second_legend():
    figure = make_subplots(rows=1, cols=2, subplot_titles=["Before", "After"], shared_yaxes=True)
    for column in (1, 2):
        for name, role in (("one", "series-1"), ("two", "series-2")):
            figure.add_scatter(
                x=[1, 2],
                y=[1, 2],
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                mode="lines",
                line={"color": colour(role)},
                row=1,
                col=column,
            )
    svg = drawn(titled(figure))
    found = ["".join(one.itertext()) for one in svg.iter(f"{SVG}text")]
    assert [found.count(name) for name in ("Before", "After", "one", "two")] == [1, 1, 1, 1]
    assert texts(svg)["Before"][1] == texts(svg)["After"][1]


@pytest.mark.parametrize("name", ["<b>bold</b>", "one & two", '"quoted"', "a &lt; b"])
def test_names_are_drawn_letter_by_letter(name: str):
    figure = go.Figure(
        go.Bar(y=[name, "other"], x=[1, 2], orientation="h", marker={"color": colour("series-1")})
    )
    svg = drawn(titled(figure))
    assert name in texts(svg)
    assert svg.find(f".//{SVG}b") is None


def test_text_is_as_wide_as_the_font_says():
    from fontTools.ttLib import TTFont

    font = TTFont(ROOT / "assets" / "fonts" / "SchibstedGrotesk-Regular.ttf")
    widths, letters, em = font["hmtx"], font.getBestCmap(), font["head"].unitsPerEm
    for text in ("Share of users treated, best first", "10,000 €", "O'Brien-Fleming (95%)"):
        expected = 12 * sum(widths[letters[ord(letter)]][0] for letter in text) / em
        assert text_width(text) == pytest.approx(expected, rel=0.01)
    assert all(text_width(line) <= 100 for line in wrapped("words that have to go to several lines", 100))


def test_by_itself_a_drawing_has_colours_of_paper():
    path = f'<path fill="{ramp(0.1)}" stroke="var(--ink)"/>'
    half = on_paper(f'<svg viewBox="0 0 688 400" class="wide" aria-hidden="true">{path}</svg>', 'A "b"')
    low, high = (LIGHT[role] for role in ("ramp-1", "ramp-2"))
    mixed = [round(0.4 * int(high[at : at + 2], 16) + 0.6 * int(low[at : at + 2], 16)) for at in (1, 3, 5)]
    assert ramp(0.1) == "color-mix(in srgb,var(--ramp-2) 40%,var(--ramp-1))"
    assert f'fill="#{mixed[0]:02x}{mixed[1]:02x}{mixed[2]:02x}" stroke="{LIGHT["ink"]}"' in half
    assert "var(" not in half
    assert "aria-hidden" not in half
    assert 'width="688" role="img" aria-label="A &quot;b&quot;"' in half


def test_a_trace_that_no_drawing_knows_is_refused():
    with pytest.raises(JourneyError, match="not pie"):
        drawing(figure_json(go.Figure(go.Pie(values=[1]))), width=WIDE, height=300)


@pytest.mark.parametrize("values", [[None, None], [2, 2], []], ids=["unknown", "all alike", "none"])
@pytest.mark.parametrize("kind", ["points", "bars", "cells"])
def test_data_with_nothing_to_tell_apart_are_drawn_all_the_same(values: list[Any], kind: str):
    names = ["a", "b"][: len(values)]
    trace = {
        "points": go.Scatter(x=values, y=names, mode="markers", marker={"color": colour("series-1")}),
        "bars": go.Bar(x=names, y=values, marker={"color": colour("series-1")}),
        "cells": go.Heatmap(
            z=[values], x=names, y=["c"], zmin=0, zmax=0, showscale=False, hovertemplate="%{z}"
        ),
    }[kind]
    for width in (WIDE, PHONE):
        assert drawn(titled(go.Figure(trace)), width).tag == f"{SVG}svg"
