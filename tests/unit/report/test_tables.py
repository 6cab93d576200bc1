"""Tables: formats, escaping, and a Typst table that compiles."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import typst

from journey.errors import JourneyError
from journey.report.columns import formatter, significant
from journey.report.tables import show_table, table_text, typst_table


@pytest.mark.parametrize(
    ("spec", "cell", "text"),
    [
        ("integer", 313204.0, "313,204"),
        ("integer", -0.2, "0"),
        ("decimal:3", -1.5, "−1.500"),
        ("percent", 0.0512, "5.1%"),
        ("percent:2", 0.0512, "5.12%"),
        ("points:1", -0.012, "−1.2\u202fpp"),
        ("money", 1234.4, "€1,234"),
        ("money:2:GBP", -0.5, "−£0.50"),
        ("p", 0.0004, "<\u202f0.001"),
        ("p", 0.04, "0.040"),
        ("significant:3", 0.00012345, "0.000123"),
        ("significant:4", 12.0, "12"),
        ("interval:percent:1", (0.047, 0.054), "4.7% to 5.4%"),
        ("text", "a|b", "a|b"),
        ("text", np.True_, "yes"),
        ("integer", None, "–"),
        ("interval:decimal", None, "–"),
        ("text", pd.NaT, "–"),
        (str.upper, "ab", "AB"),
    ],
)
def test_formats(spec, cell, text):
    write, _ = formatter(spec)
    assert write(cell) == text


@pytest.mark.parametrize("spec", ["int", "percent:x", "money:2:XYZ", "interval:text", "decimal:1:2", ""])
def test_an_unknown_format_is_refused(spec):
    with pytest.raises(JourneyError, match=re.escape(f"table format {spec!r} is unknown")):
        formatter(spec)


def test_significant_digits_of_awkward_numbers():
    assert significant(1e-9) == "1.000e−09"
    assert significant(float("inf")) == "infinite"
    assert significant(-1234.567) == "−1,235"
    assert significant(0.1 + 0.2) == "0.3"


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"step": ["View", "Cart"], "sessions": [15102, 4204], "share": [0.92, np.nan], "note": ["a", "b"]}
    )


COLUMNS = {"step": ("Step", "text"), "share": ("Share", "percent:1"), "sessions": ("Sessions", "integer")}


def test_columns_choose_order_label_and_format():
    assert table_text(frame(), columns=COLUMNS) == (
        ["Step", "Share", "Sessions"],
        [["View", "92.0%", "15,102"], ["Cart", "–", "4,204"]],
        [False, True, True],
    )


def test_alignment_can_be_overruled():
    assert table_text(frame(), columns=COLUMNS, align={"share": "left"})[2] == [False, False, True]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"columns": {"rate": ("Rate", "percent")}},
            "no column 'rate'; it has step, sessions, share, note",
        ),
        ({"align": {"rate": "left"}}, "no column 'rate'"),
        ({"align": {"share": "middle"}}, "cannot stand 'middle'"),
        ({"id": "tbl-funnel"}, "table 'tbl-funnel' has no caption"),
        ({"id": "Funnel"}, "must be lower-case"),
    ],
)
def test_what_is_wrong_is_named(settings, message, capsys):
    with pytest.raises(JourneyError, match=re.escape(message)):
        show_table(frame(), **settings)
    assert capsys.readouterr().out == ""


def test_the_page_gets_an_accessible_table(capsys):
    show_table(frame(), caption="Steps", id="steps", columns=COLUMNS)
    page = capsys.readouterr().out
    assert '<div id="steps">' in page
    assert "<caption>Steps</caption>" in page
    assert 'tabindex="0" role="region" aria-label="Steps"' in page
    assert '<th scope="col" class="num">Share</th>' in page
    assert '<th scope="row">View</th><td class="num">92.0%</td>' in page


def test_a_numbered_table_leaves_its_caption_to_the_renderer(capsys):
    show_table(frame(), caption="Steps of *all* sessions", id="tbl-steps")
    page = capsys.readouterr().out
    assert page.startswith("\n::: {#tbl-steps}\n")
    assert "<caption>" not in page
    assert page.rstrip().endswith("Steps of \\*all\\* sessions\n:::")


def test_text_from_data_is_escaped_everywhere(capsys):
    attack = '<script>alert(1)</script> | ``` "x" \\ #import "evil.typ"'
    show_table(pd.DataFrame({attack: [attack]}), caption=attack)
    page, _, pdf = capsys.readouterr().out.partition("{=typst}")
    assert "<script" not in page
    assert page.startswith("\n````{=html}\n")
    assert '\\"x\\" \\\\ #import \\"evil.typ\\"' in pdf


def test_the_typst_table_compiles_with_any_text(tmp_path):
    nasty = 'a"b\\ $x$ #let _y_ *z* @ref <l> `c` // [q] {r}'
    source = typst_table(["Name", nasty], [[nasty, "1"], ["–", "€2"]], [False, True], nasty)
    file = tmp_path / "table.typ"
    file.write_text(source, encoding="utf-8")
    assert typst.compile(str(file))[:5] == b"%PDF-"
