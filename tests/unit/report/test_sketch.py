"""Small charts: to scale, inside their frame, escaped, in the colours of the page."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.report.drawing.paper import text_width
from journey.report.sketch import WIDTH, Mark, show_sketch, sketch
from journey.report.style import LIGHT

SVG = "{http://www.w3.org/2000/svg}"
MARKS = [
    Mark("Ten", 10, "+10", "series-3"),
    Mark("Five & <half>", 5, "+5", low=2, high=8),
    Mark("Less", -5, "−5"),
]


def reach(text: ElementTree.Element) -> tuple[float, float]:
    """Left and right end of a text; bold letters are wider by a twelfth."""
    size, x = float(text.get("font-size", "15")), float(text.get("x"))
    wide = text_width(text.text or "", size) + sum(
        float(bold.get("dx", "0")) + 1.08 * text_width(bold.text, size) for bold in text.iter(f"{SVG}tspan")
    )
    left = x - wide * {"middle": 0.5, "end": 1}.get(text.get("text-anchor", ""), 0)
    return left, left + wide


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
    for text in tree.iter(f"{SVG}text"):
        left, right = reach(text)
        assert -0.1 <= left < right <= WIDTH
    assert set(re.findall(r"#[0-9a-f]{6}", svg)) <= set(LIGHT.values())


def test_a_value_stands_after_its_label_where_an_interval_could_claim_it_and_else_at_its_bar():
    def values(marks: list[Mark], **given: bool) -> dict[str, ElementTree.Element]:
        texts = ElementTree.fromstring(sketch(marks, **given)).iter(f"{SVG}text")
        return {text.find(f"{SVG}tspan").text: text for text in texts if len(text)}

    apart = values(MARKS)
    assert [text.text for text in apart.values()] == [mark.label for mark in MARKS]
    plain = [Mark("Ten", 10, "+10"), Mark("Five", 5, "+5")]
    at_bars = values(plain, bars=True)
    assert [text.text for text in at_bars.values()] == [None, None]
    tree = ElementTree.fromstring(sketch(plain, bars=True))
    for bar, text in zip(tree.iter(f"{SVG}rect"), at_bars.values(), strict=True):
        end = float(bar.get("x")) + float(bar.get("width"))
        assert float(text.get("x")) == pytest.approx(end + 8, abs=0.2)


@pytest.mark.parametrize(("start", "name"), [(0.0, "0"), (0.5, "0.5")])
def test_the_line_where_rows_start_says_its_value(start: float, name: str):
    tree = ElementTree.fromstring(sketch(MARKS, start=start))
    upright = next(line.get("x1") for line in tree.iter(f"{SVG}line") if line.get("x1") == line.get("x2"))
    (text,) = (text for text in tree.iter(f"{SVG}text") if text.text == name)
    assert float(text.get("x")) == pytest.approx(float(upright), abs=8)
    assert float(text.get("y")) > max(float(line.get("y2")) for line in tree.iter(f"{SVG}line"))


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
