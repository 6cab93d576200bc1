"""Names at lines, names above rows, shapes of marks: nothing lies on anything else, on a page or a phone."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from support.drawn import Box, faults, strokes, text_boxes
from support.palette import DARK

from journey.report.drawing import PHONE, WIDE, drawing
from journey.report.drawing.names import PALE
from journey.report.figures import figure_json
from journey.report.marks import band, error_bars, estimates, reference
from journey.report.style import LIGHT, colour

ROLES = ("series-1", "series-2", "series-3", "truth")


def drawn(figure: go.Figure, width: int, height: int = 320) -> ElementTree.Element:
    figure.update_xaxes(title="Day").update_yaxes(title="Share")
    return ElementTree.fromstring(drawing(figure_json(figure), width=width, height=height))


def lines(heights: dict[str, np.ndarray], *, marks: bool = False, half: float = 0.0) -> go.Figure:
    """A line a name, in the colours of the house; `half` is half an interval."""
    figure = go.Figure()
    for role, (name, y) in zip(ROLES, heights.items(), strict=False):
        bars = pd.Series(y)
        figure.add_scatter(
            x=np.arange(len(y)),
            y=y,
            name=name,
            mode="lines+markers" if marks else "lines",
            line={"color": colour(role)},
            error_y=error_bars(bars, bars - half, bars + half, colour(role)) if half else None,
        )
    return figure


def named(svg: ElementTree.Element, *names: str) -> list[Box]:
    boxes = {box.text: box for box in text_boxes(svg)}
    return [boxes[name] for name in names]


def distance(box: Box, svg: ElementTree.Element, role: str) -> float:
    """From a box to the nearest point of the strokes of a colour."""
    return min(
        np.hypot(max(box.left - x, x - box.right, 0), max(box.top - y, y - box.bottom, 0))
        for x, y in strokes(svg, role)
    )


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_lines_do_no_name_lies_on_anything(seed: int, width: int):
    random = np.random.default_rng(seed)
    count, length = 2 + seed % 3, (6, 30, 120)[seed % 3]
    heights = {
        f"the line of number {place}": random.normal(0, 1, length).cumsum() + 4 * place * (seed % 2)
        for place in range(count)
    }
    figure = lines(heights, marks=length < 10, half=0.4 if length < 10 else 0.0)
    if seed % 4 == 0:
        reference(figure, length / 2, "half way")
    svg = drawn(figure, width)
    assert faults(svg) == []
    assert sorted(box.text for box in text_boxes(svg) if box.text in heights) == sorted(heights)


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_lines_with_room_are_named_at_the_lines_in_their_colours_and_no_legend_repeats_them(width: int):
    rising = np.linspace(0, 1, 40)
    svg = drawn(lines({"upper": rising**0.4, "lower": rising**3}), width)
    boxes = named(svg, "upper", "lower")
    assert [box.role for box in boxes] == ["series-1", "series-2"]
    for box, own, other in zip(boxes, ("series-1", "series-2"), ("series-2", "series-1"), strict=True):
        near = distance(box, svg, own)
        assert 2 < near < 14
        assert distance(box, svg, other) > near + 4
    # A sample of the legend is a stroke of sixteen pixels.
    assert not any(one.get("d", "").endswith("h16") for one in svg.iter() if one.get("stroke"))


def test_lines_that_run_together_are_named_at_their_ends_and_on_a_phone_in_a_legend():
    rising = np.linspace(0, 1, 40)
    figure = lines({"first": rising, "second": 1.01 * rising, "third": 1.02 * rising})
    wide, phone = drawn(figure, WIDE), drawn(figure, PHONE)
    boxes = named(wide, "third", "second", "first")
    last = max(x for x, _ in strokes(wide, "series-2") if x < boxes[0].left - 10)
    assert {round(box.left, 1) for box in boxes} == {round(boxes[0].left, 1)}
    assert boxes[0].left > last
    assert [box.top for box in boxes] == sorted(box.top for box in boxes)
    assert [one.get("d", "").endswith("h16") for one in phone.iter() if one.get("stroke")].count(True) == 3
    assert faults(wide) == faults(phone) == []


def test_an_area_and_points_stay_in_the_legend_while_a_line_beside_them_has_its_name():
    x = pd.Series(np.arange(30.0))
    figure = go.Figure()
    band(figure, x, x * 0, x * 0 + 1, colour("series-1", 0.2))
    figure.data[0].update(name="usual", showlegend=True)
    figure.add_scatter(
        x=x, y=x * 0 + 3, name="seen", mode="markers", showlegend=True, marker={"color": colour("series-2")}
    )
    figure.add_scatter(
        x=x, y=x * 0 + 2, name="told", mode="lines", showlegend=True, line={"color": colour("series-3")}
    )
    usual, seen, told = named(drawn(figure, WIDE), "usual", "seen", "told")
    assert usual.top == seen.top < told.top
    assert (usual.role, told.role) == ("", "series-3")


def test_a_name_is_never_paler_than_text_may_be():
    def light(value: str) -> float:
        channels = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    written = {"muted", *(f"series-{number}" for number in range(1, 7)), "truth"} - {
        role.removeprefix("@") for role in PALE
    }
    for palette in (LIGHT, DARK):
        for role in written:
            dark, bright = sorted((light(palette[role]), light(palette["paper"])))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, role


def test_on_a_phone_no_line_runs_through_the_names_above_rows():
    names = [f"a name that is far too long for a phone, number {place}" for place in range(9)]
    frame = pd.DataFrame({"who": names, "value": np.arange(9) - 4.0})
    frame = frame.assign(low=frame["value"] - 1, high=frame["value"] + 1)
    figure = estimates(
        frame, label="who", value="value", low="low", high="high", axis="Value", tickformat=".0f"
    )
    reference(figure, -2.5, "told")
    svg = drawn(figure, PHONE)
    assert faults(svg) == []
    # The lines are there all the same, in pieces: above each row and below the last.
    for role in ("axis", "muted"):
        upright = [x for x, _ in strokes(svg, role)]
        assert max(map(upright.count, set(upright))) > 9 * 12


def test_bars_keep_clear_of_the_names_above_them():
    names = [f"an input with a name that no phone has room for, {place}" for place in range(12)]
    figure = go.Figure(go.Bar(y=names, x=[10.0] * 12, orientation="h", marker={"color": colour("series-1")}))
    svg = drawn(figure, PHONE)
    (path,) = (one.get("d", "") for one in svg.iter() if one.get("fill") == "var(--series-1)")
    bars = [
        [float(each) for each in one[1:].replace("h", " ").replace("v", " ").split()]
        for one in path.split("z")[:-1]
    ]
    for box in text_boxes(svg):
        if box.text in names:
            assert all(box.bottom <= top or box.top >= top + high for _, top, _, high, _ in bars), box.text


def test_zero_is_marked_once_where_the_figure_marks_it_itself():
    frame = pd.DataFrame({"who": ["a", "b"], "value": [-1.0, 1.0], "low": [-2.0, 0.5], "high": [0.5, 2.0]})
    plain = estimates(frame, label="who", value="value", low="low", high="high", axis="v", tickformat=".0f")
    told = go.Figure(plain)
    reference(told, 0, "no effect")
    uprights = [
        sum(one.get("d", "").count("V") for one in drawn(figure, WIDE).iter() if one.get("stroke"))
        for figure in (plain, told)
    ]
    assert uprights == [1, 1]


def test_points_of_several_colours_differ_in_shape_too():
    figure = go.Figure()
    for role in ("series-1", "series-2", "muted"):
        figure.add_scatter(x=[1, 2], y=[1, 2], name=role, mode="markers", marker={"color": colour(role)})
    spec = figure_json(figure.update_xaxes(title="x").update_yaxes(title="y"))
    drawing(spec, width=WIDE, height=300)
    assert [trace["marker"]["symbol"] for trace in spec["data"]] == ["circle", "square", "x"]
    alone = figure_json(go.Figure(figure.data[1]).update_xaxes(title="x").update_yaxes(title="y"))
    drawing(alone, width=WIDE, height=300)
    assert "symbol" not in alone["data"][0]["marker"]
