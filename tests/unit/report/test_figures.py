"""Figures and the palette they share with the page."""

from __future__ import annotations

import html
import itertools
import json
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from support.palette import DARK, declared

from journey.errors import JourneyError
from journey.report.cards import Card, show_cards
from journey.report.figures import figure_json, show_figure
from journey.report.marks import estimates, in_points, marker, truth_line
from journey.report.style import LIGHT, SERIES, colour, role_token

# Machado, Oliveira and Fernandes (2009), severity 1.0, linear RGB.
COLOUR_VISION = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Ottosson (2020), a perceptual colour space: sRGB to cone responses, cone responses to Lab.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# About four just-noticeable differences (0.02 each): two lines in one chart stay apart.
APART = 0.08


def bars() -> go.Figure:
    figure = go.Figure(go.Bar(x=["a", "b"], y=np.array([1 / 3, 2.0]), marker_color=colour("series-2", 0.5)))
    return figure.update_xaxes(title="Group").update_yaxes(title="Share")


def shown(capsys: pytest.CaptureFixture[str], figure: go.Figure | None = None, **changes: object) -> str:
    settings = {
        "id": "bars",
        "title": "B exceeds A",
        "alt": "Two bars; b is higher.",
        "data": pd.DataFrame({"group": ["a", "b"], "share": [1 / 3, 2.0]}),
    }
    show_figure(figure or bars(), **(settings | changes))
    return capsys.readouterr().out


def spec_of(page: str) -> dict:
    return json.loads(re.search(r'application/json">(.*?)</script>', page, re.DOTALL)[1])


def linear(value: str) -> np.ndarray:
    channel = np.array([int(value[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light = sorted((float(linear(value) @ [0.2126, 0.7152, 0.0722]) for value in (one, other)), reverse=True)
    return (light[0] + 0.05) / (light[1] + 0.05)


def test_a_figure_carries_title_alternative_text_and_data(capsys):
    page = shown(capsys, source="marts.sessions")
    assert '<figcaption class="figure-title">B exceeds A</figcaption>' in page
    assert '<div class="figure-plot" role="img" aria-label="Two bars; b is higher.">' in page
    assert '<th scope="row">a</th><td class="num">0.3333</td>' in page
    assert "Source: marts.sessions" in page


def test_a_figure_is_a_picture_for_the_page_and_one_for_a_phone(capsys):
    page = shown(capsys)
    wide, phone = re.findall(r"<svg .*?</svg>", page)
    assert 'viewBox="0 0 688 420" class="wide" aria-hidden="true"' in wide
    assert 'viewBox="0 0 350 420" class="phone" aria-hidden="true"' in phone
    assert not re.search(r"#[0-9a-f]{6}|rgba?\(|style=", wide + phone)


def test_only_what_the_small_plotly_draws_can_be_explored(capsys):
    assert "figure-explore" in shown(capsys)
    cells = go.Heatmap(z=[[1, 2]], x=["a", "b"], y=["c"], showscale=False, hovertemplate="%{z}")
    figure = go.Figure(cells).update_xaxes(title="x").update_yaxes(title="y")
    page = shown(capsys, figure)
    assert "figure-explore" not in page
    assert "application/json" not in page
    assert "<title>2</title>" in page


def test_json_is_small_rounded_and_speaks_in_roles(capsys):
    spec = spec_of(shown(capsys))
    assert spec["data"][0]["y"] == [0.333333, 2]
    assert spec["data"][0]["marker"]["color"] == "@series-2/0.5"
    assert len(json.dumps(spec["layout"])) < 4_000
    assert not re.search(r"#[0-9a-f]{6}|rgba?\(", json.dumps(spec))


def test_arrays_of_two_dimensions_and_gaps_survive():
    figure = go.Figure(go.Heatmap(z=np.array([[1.0, np.nan], [2.0, 3.5]])))
    figure.update_xaxes(title="x").update_yaxes(title="y")
    assert figure_json(figure)["data"][0]["z"] == [[1, None], [2, 3.5]]


def test_the_same_figure_gives_the_same_bytes(capsys):
    assert shown(capsys) == shown(capsys)


def test_text_from_data_cannot_leave_its_place(capsys):
    attack = '</script><img src=x onerror=alert(1)> ``` "quoted"'
    figure = bars().update_traces(text=[attack, attack])
    page = shown(
        capsys, figure, title=attack, alt=attack, data=pd.DataFrame({attack: [attack]}), source=attack
    )
    assert page.count("</script>") == 1
    assert "<img" not in page
    assert page.startswith("\n````{=html}\n")
    assert page.endswith("\n````\n\n")
    assert html.unescape(spec_of(page)["data"][0]["text"][0]) == attack


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alt": " "}, "figure 'bars' has no alternative text"),
        ({"title": ""}, "figure 'bars' has no title"),
        ({"id": "Bars 1"}, "id 'Bars 1' must be lower-case"),
        ({"data": pd.DataFrame({"group": []})}, "figure 'bars' has no rows in its data table"),
    ],
)
def test_what_is_missing_is_named(capsys, changes, message):
    with pytest.raises(JourneyError, match=re.escape(message)):
        shown(capsys, **changes)
    assert capsys.readouterr().out == ""


def test_an_axis_without_title_is_refused(capsys):
    figure = go.Figure(go.Bar(x=[1], y=[2])).update_xaxes(title="Group")
    with pytest.raises(JourneyError, match="no title on its y axis"):
        shown(capsys, figure)


def test_matched_and_hidden_axes_need_no_title_of_their_own(capsys):
    figure = go.Figure([go.Scatter(x=[1], y=[2]), go.Scatter(x=[1], y=[2], xaxis="x2", yaxis="y2")])
    figure.update_layout(
        xaxis={"title": "Day"},
        xaxis2={"matches": "x"},
        yaxis={"title": "Sessions"},
        yaxis2={"visible": False},
    )
    assert "journey-figure" in shown(capsys, figure)


def test_a_sankey_has_no_axes(capsys):
    blue = colour("series-1")
    figure = go.Figure(
        go.Sankey(
            node={"label": ["a", "b"], "color": [blue, blue], "hovertemplate": "%{label}"},
            link={"source": [0], "target": [1], "value": [1], "color": blue, "hovertemplate": "%{value}"},
        )
    )
    assert "journey-figure" in shown(capsys, figure)


@pytest.mark.parametrize("foreign", ["#ff0000", "red", "rgb(1,2,3)"])
def test_a_colour_outside_the_palette_is_refused(capsys, foreign):
    with pytest.raises(JourneyError, match="which the palette lacks"):
        shown(capsys, bars().update_traces(marker_color=foreign))


def test_subplot_titles_leave_room_for_the_legend():
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, subplot_titles=["Before", "After"])
    figure.add_scatter(x=[1], y=[1], row=1, col=1).add_scatter(x=[1], y=[1], row=1, col=2)
    layout = figure_json(figure, height=320)["layout"]
    assert layout["legend"]["y"] == 1.1
    assert [note["font"]["size"] for note in layout["annotations"]] == [13, 13]


def test_long_data_is_cut_and_says_so(capsys):
    page = shown(capsys, data=pd.DataFrame({"row": range(1_500)}))
    assert page.count('<th scope="row"') == 200
    assert "The first 200 of 1,500 rows." in page


def test_page_and_figures_share_one_palette():
    light = declared(":root")
    assert {role: light.get(role) for role in LIGHT} == dict(LIGHT)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_series_stand_out_from_the_paper(palette):
    for role in ("ink", "muted"):
        assert contrast(palette[role], palette["paper"]) >= 4.5, role
    for role in (f"series-{number}" for number in range(1, 7)):
        assert contrast(palette[role], palette["paper"]) >= 3, role


@pytest.mark.parametrize("vision", COLOUR_VISION)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_series_stay_apart_for_every_kind_of_colour_vision(palette, vision):
    seen = [np.clip(COLOUR_VISION[vision] @ linear(palette[f"series-{n}"]), 0, 1) for n in range(1, 7)]
    places = [OKLAB @ np.cbrt(CONES @ one) for one in seen]
    closest = min(np.linalg.norm(one - other) for one, other in itertools.combinations(places, 2))
    assert closest >= APART


def test_roles_are_found_again():
    assert role_token(SERIES[0].upper()) == "@series-1"
    assert role_token(colour("neutral", 0.25)) == "@neutral/0.25"
    assert role_token("rgba(0,0,0,0)") == "transparent"
    assert len(set(LIGHT.values())) == len(LIGHT)
    with pytest.raises(JourneyError, match="no colour role 'blue'"):
        colour("blue")


def test_cards_say_label_value_interval_and_detail(capsys):
    show_cards([Card("Sessions that buy", "5.1%", detail="of <all>", interval="4.7% to 5.4%")])
    page = capsys.readouterr().out
    assert '<dt class="key-figure-label">Sessions that buy</dt>' in page
    assert '<dd class="key-figure-detail">of &lt;all&gt;</dd>' in page
    assert '"of <all>"' in page.partition("{=typst}")[2]


@pytest.mark.parametrize(
    ("cards", "message"),
    [([], "no cards to show"), ([Card("", "5")], "no label"), ([Card("Rate", " ")], "no value")],
)
def test_an_empty_card_is_refused(cards, message):
    with pytest.raises(JourneyError, match=message):
        show_cards(cards)


def test_differences_of_shares_stand_in_percentage_points():
    frame = pd.DataFrame(
        {"who": ["a", "b"], "value": [0.02, -0.01], "low": [0.01, -0.03], "high": [0.04, 0.0]}
    )
    figure = estimates(frame, label="who", value="value", low="low", high="high", axis="Difference")
    truth_line(figure, 0.015)
    figure.update_xaxes(range=[-0.05, 0.05])
    in_points(figure, "x")
    (trace,) = figure.data
    assert list(trace.x) == pytest.approx([-1, 2])
    assert list(trace.error_x.array) == pytest.approx([1, 2])
    assert figure.layout.shapes[0].x0 == figure.layout.annotations[0].x == pytest.approx(1.5)
    assert figure.layout.xaxis.ticksuffix == " pp"
    assert list(figure.layout.xaxis.range) == pytest.approx([-5, 5])
    assert list(trace.y) == ["b", "a"]


def test_a_figure_with_the_truth_says_what_its_mark_means(capsys):
    figure = go.Figure(go.Scatter(x=[1], y=[2], mode="markers", marker=marker("truth")))
    figure.update_xaxes(title="x").update_yaxes(title="y")
    shown = {"id": "one", "title": "t", "alt": "a", "data": pd.DataFrame({"x": [1]})}
    show_figure(figure, **shown)
    assert capsys.readouterr().out.count('class="truth-key"') == 1
    figure.update_traces(marker=marker("series-1"))
    show_figure(figure, **shown)
    assert "truth-key" not in capsys.readouterr().out
