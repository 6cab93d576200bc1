"""Tables: formats, escaping, and a Typst table that compiles."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import typst

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.report.columns import bounded, formatter, significant
from journey.report.ledger import Ledger
from journey.report.tables import show_result, show_table, table_text, typst_table


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
    assert '<th scope="row">View</th><td class="num" data-label="Share">92.0%</td>' in page


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


BOUNDED = pd.DataFrame(
    {
        "when": ["first", "first", "then"],
        "model": ["a", "b", "a"],
        "auc": [0.81, 0.79, np.nan],
        "auc_low": [0.78, np.nan, np.nan],
        "auc_high": [0.84, np.nan, np.nan],
    }
)


def test_an_interval_stands_in_the_cell_of_its_value(capsys):
    cells = BOUNDED.assign(auc=bounded(BOUNDED, "auc"))
    _, rows, numeric = table_text(cells, columns={"model": ("M", "text"), "auc": ("A", "estimate:decimal:2")})
    assert rows == [["a", "0.81 (0.78 to 0.84)"], ["b", "0.79"], ["a", "–"]]
    assert numeric == [False, True]
    show_table(cells, columns={"model": ("M", "text"), "auc": ("A", "estimate:decimal:2")})
    page = capsys.readouterr().out
    assert '<span>0.81<span class="interval"> (0.78 to 0.84)</span></span>' in page
    assert '"0.81 (0.78 to 0.84)"' in page.partition("{=typst}")[2]


def test_a_group_is_a_row_of_its_own(capsys):
    show_table(BOUNDED, columns={"model": ("M", "text"), "auc": ("A", "decimal")}, group="when")
    page, _, pdf = capsys.readouterr().out.partition("{=typst}")
    heads = re.findall(r'<tr class="group"><th scope="rowgroup" colspan="2">(\w+)</th></tr>', page)
    assert heads == ["first", "then"]
    assert pdf.count("table.cell(colspan: 2") == 2


def test_what_only_the_simulation_knows_is_marked(capsys):
    columns = {"model": ("M", "text"), "auc": ("A", "decimal")}
    show_table(BOUNDED, columns=columns)
    assert "truth" not in capsys.readouterr().out
    show_table(BOUNDED, columns=columns, truth=["auc"])
    page, _, pdf = capsys.readouterr().out.partition("{=typst}")
    assert '<th scope="col" class="num truth">◆ A</th>' in page
    assert page.count('<td class="num truth"') == 3
    assert page.count('class="truth-key"') == 1
    assert "◆ A" in pdf


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"group": "nothing"}, "no column 'nothing' to group by"),
        ({"group": "model"}, "rows of a group of 'model' do not stand together"),
        ({"truth": ["when"]}, "no column 'when' to mark as truth"),
    ],
)
def test_a_group_or_truth_that_is_not_there_is_named(settings, message, capsys):
    with pytest.raises(JourneyError, match=message):
        show_table(BOUNDED, columns={"model": ("M", "text"), "auc": ("A", "decimal")}, **settings)
    assert capsys.readouterr().out == ""


def test_a_wide_result_of_few_rows_stands_on_its_side(capsys):
    wide = pd.DataFrame([[f"row {row}", *range(row, row + 8)] for row in (1, 2)], columns=list("abcdefghi"))
    columns = {name: (name.upper(), "integer" if name != "a" else "text") for name in wide}
    show_result(wide, columns=columns)
    page = capsys.readouterr().out.partition("{=typst}")[0]
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page) == ["A", "row 1", "row 2"]
    assert re.findall(r'<th scope="row">(\w)</th>', page) == list("BCDEFGHI")
    show_result(pd.concat([wide] * 4), columns=columns)
    assert capsys.readouterr().out.count('<th scope="col"') == 9


def test_a_number_of_the_ledger_brings_its_interval(capsys):
    ledger = Ledger()
    number = ledger.add("a.b", Estimate(0.25, 0.2, 0.3), "share", source="tests")
    show_table(
        pd.DataFrame({"what": ["x"], "it": [number]}), columns={"what": ("", "text"), "it": ("It", "number")}
    )
    page = capsys.readouterr().out
    assert page.count('data-number="a.b"') == 2
    assert "20.0% to 30.0%" in page
