"""Small charts: to scale, inside their frame, escaped, in the colours of the page."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.report.sketch import WIDTH, Mark, show_sketch, sketch
from journey.report.style import LIGHT

SVG = "{http://www.w3.org/2000/svg}"
MARKS = [
    Mark("Ten", 10, "+10", "series-3"),
    Mark("Five & <half>", 5, "+5", low=2, high=8),
    Mark("Less", -5, "−5"),
]


def test_bars_are_to_scale_and_start_at_one_place():
    tree = ElementTree.fromstring(sketch(MARKS, bars=True))
    bars = [{key: float(bar.get(key)) for key in ("x", "width")} for bar in tree.iter(f"{SVG}rect")]
    assert bars[0]["width"] == pytest.approx(2 * bars[1]["width"], abs=0.3)
    assert bars[0]["x"] == bars[1]["x"] == pytest.approx(bars[2]["x"] + bars[2]["width"], abs=0.2)


def test_dots_stand_inside_their_intervals_and_the_line_where_it_says():
    tree = ElementTree.fromstring(sketch(MARKS, line=(5, "truth")))
    dot = [float(circle.get("cx")) for circle in tree.iter(f"{SVG}circle")][1]
    dashed = {line.get("x1") for line in tree.iter(f"{SVG}line") if line.get("stroke-dasharray")}
    assert dashed == {f"{dot:g}"}
    low, high = next(
        (float(line.get("x1")), float(line.get("x2")))
        for line in tree.iter(f"{SVG}line")
        if line.get("x1") != line.get("x2")
    )
    assert dot == pytest.approx((low + high) / 2, abs=0.2)


@pytest.mark.parametrize("bars", [True, False])
def test_nothing_leaves_the_frame_and_every_colour_is_of_the_palette(bars):
    svg = sketch([*MARKS, Mark("Wide", 9, "€1,234,567", low=-6, high=12)], bars=bars, line=(1, "truth"))
    tree = ElementTree.fromstring(svg)
    for name in ("x", "x1", "x2", "cx"):
        places = [float(each.get(name)) for each in tree.iter() if each.get(name)]
        assert all(0 <= place <= WIDTH for place in places), name
    # About 8 units a letter: the text at the end of a row fits.
    for text in tree.iter(f"{SVG}text"):
        if text.get("font-weight"):
            assert float(text.get("x")) + 8.1 * len(text.text) <= WIDTH
    assert set(re.findall(r"#[0-9a-f]{6}", svg)) <= set(LIGHT.values())


def test_a_note_stands_in_a_bar_that_has_room_for_it():
    assert "note here" in sketch([Mark("A", 10, "10", note="note here"), Mark("B", 1, "1")], bars=True)
    assert "note here" not in sketch([Mark("A", 1, "1", note="note here"), Mark("B", 100, "100")], bars=True)


def test_marks_that_all_lie_at_the_start_are_refused():
    with pytest.raises(JourneyError, match="differs from where it starts"):
        sketch([Mark("A", 0, "0")])


def test_it_is_shown_with_its_texts_and_its_data(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    show_sketch(sketch(MARKS), id="one", title="A <title>", alt="Three marks.", data=pd.DataFrame({"a": [1]}))
    page = capsys.readouterr().out
    assert "A &lt;title&gt;" in page
    assert 'role="img" aria-label="Three marks."' in page
    inline = page.partition("{=typst}")[0]
    assert 'fill="var(--series-3)"' in inline
    assert "#583388" not in inline
    assert "Data behind this figure" in page
    assert '#image("/data/results/figures/one.svg", alt: "Three marks."' in page
    assert (tmp_path / "data/results/figures/one.svg").read_text().startswith("<svg")
    with pytest.raises(JourneyError, match="alternative text"):
        show_sketch(sketch(MARKS), id="one", title="t", alt=" ")
