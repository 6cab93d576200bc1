"""SQL in chapters: `show_query`, `%%sql`, and how result columns are headed and written."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from support.query_shop import build_shop

from journey.errors import JourneyError
from journey.paths import project
from journey.report.sqlcells import (
    options_before_magic,
    register_magics,
    runnable,
    show_query,
    sql_block,
    sql_cell,
)
from journey.report.sqlcolumns import heading, result_columns
from journey.report.tables import table_text
from journey.warehouse.query import find, library, query


@pytest.fixture(scope="module")
def shop_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "sql").symlink_to(project().sql)
    (root / "data" / "processed").mkdir(parents=True)
    build_shop(root / "data" / "processed" / "simulated.duckdb")
    return root


@pytest.fixture(autouse=True)
def _in_the_shop(shop_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEY_ROOT", str(shop_root))


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    register_magics()
    register_magics()
    yield shell
    InteractiveShell.clear_instance()


def test_show_query_prints_folded_sql_then_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_query("conversion_by_device", caption="By device", z=1.645)
    text = capsys.readouterr().out
    assert text.index('<details class="code-fold"><summary>SQL</summary>') < text.index("<i>-- z = 1.645")
    assert text.index("</details>") < text.index("<caption>By device</caption>")
    assert '<th scope="col" class="num">Conversion rate</th>' in text
    rate = query("conversion_by_device")["conversion_rate"].iloc[0]
    assert f'<td class="num" data-label="Conversion rate"><span>{rate:.2%}<span class="interval"> (' in text


@pytest.mark.parametrize("name", [spec.name for spec in library()])
def test_the_sql_that_is_shown_runs_as_it_stands(name: str) -> None:
    """On a connection that knows nothing of the project: macros are defined, parameters have their values."""
    spec = find(name)
    with duckdb.connect(str(project().warehouse("simulated")), read_only=True) as plain:
        result = plain.execute(runnable(spec.sql, dict(spec.parameters)))
        assert [column[0] for column in result.description] == list(query(name).columns)


def test_the_question_is_the_caption_when_none_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    show_query("event_mix")
    assert "<caption>What do visitors do, and in how many sessions?</caption>" in capsys.readouterr().out


def test_a_numbered_table_and_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    show_query("daily_metrics", id="tbl-daily", limit=5)
    text = capsys.readouterr().out
    assert "::: {#tbl-daily}" in text
    # Eight columns and five rows: the table stands on its side.
    assert text.count('<th scope="col"') == 1 + 5
    assert text.count('<th scope="row">') == 7
    assert f"The first 5 of the result's {len(query('daily_metrics'))} rows." in text


def test_text_from_data_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    sql_cell("", "select '<b>&' as name, '```' as fence", {})
    text = capsys.readouterr().out
    assert "&lt;b&gt;&amp;" in text
    assert "&lt;b&gt;&amp;'" in text


def test_sql_is_marked_and_reads_as_it_was_written() -> None:
    statement = "select 1.5 as a,\n\n    'x < ```' as b -- why\nfrom marts.sessions"
    block = sql_block(statement)
    for mark in ("<b>select</b>", "class=dv>1.5</", "class=st>'x &lt; ```'</", "<i>-- why"):
        assert mark in block
    (code,) = re.findall(r"<code[^>]*>(.*)</code>", block, re.S)
    assert html.unescape(re.sub(r"<[^>]+>", "", code)) == statement


def test_magic_keeps_the_result_and_binds_variables(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("limit_rows = 2")
    done = shell.run_cell(
        '%%sql devices --caption "Sessions by device" --limit 1\n'
        "select device, count(*) as sessions from marts.sessions group by device\n"
        "order by device limit $limit_rows"
    )
    assert done.success
    kept = shell.user_ns["devices"]
    assert isinstance(kept, pd.DataFrame)
    assert len(kept) == 2
    text = capsys.readouterr().out
    assert "<caption>Sessions by device</caption>" in text
    assert "The first 1 of the result's 2 rows." in text
    assert "from</b> marts.sessions <b>group" in text


@pytest.mark.parametrize(
    "options",
    ["#| output: asis\n#| echo: false\n", "#| output: asis\n\n", "\n\n", "# | output: asis\n"],
    ids=["options", "options and an empty line", "empty lines", "spaced option"],
)
def test_options_may_stand_before_the_magic(shell: InteractiveShell, options: str) -> None:
    assert shell.run_cell(f"{options}%%sql one\nselect 1 as x").success
    assert list(shell.user_ns["one"]["x"]) == [1]


def test_other_cells_are_left_alone() -> None:
    for cell in (["#| echo: false\n", "x = 1\n"], ["x = 1\n", "%%sql\n"], ["# a comment\n", "%%sql\n"], []):
        assert options_before_magic(cell) == cell


def test_registering_twice_adds_one_transform(shell: InteractiveShell) -> None:
    transforms = shell.input_transformer_manager.cleanup_transforms
    assert transforms.count(options_before_magic) == 1


def test_registering_without_ipython_does_nothing() -> None:
    assert InteractiveShell.initialized() is False
    register_magics()


@pytest.mark.parametrize(
    ("line", "cell", "message"),
    [
        ("devices", "select nothing", "the %%sql cell 'devices' failed: Binder Error"),
        ("", "delete from marts.sessions", "a %%sql cell failed: .*read-only"),
        ("", "select $missing", "uses \\$missing, but the chapter has no variable 'missing'"),
        ("--limit few", "select 1", "%%sql: argument --limit: invalid int value"),
        ("--colour red", "select 1", "%%sql: unrecognized arguments: --colour"),
        ("'two words'", "select 1", "cannot name a variable"),
        ("--caption 'open", "select 1", "No closing quotation"),
    ],
)
def test_what_is_wrong_in_a_cell_is_said(line: str, cell: str, message: str) -> None:
    with pytest.raises(JourneyError, match=message):
        sql_cell(line, cell, {})


def test_an_unknown_query_is_an_error() -> None:
    with pytest.raises(JourneyError, match="did you mean event_mix"):
        show_query("event_mixx")


def test_headings_and_formats_follow_the_names() -> None:
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2025-01-06"]),
            "item_id": [1234],
            "sessions": [1234],
            "conversion_rate": [0.05],
            "revenue": [12345.6],
            "list_price": [9.5],
            "rate_effect": [-0.0012],
            "mean_discount_pct": [3.14159],
            "lift": [1.5],
            "other": [0.000123456],
        }
    )
    header, rows, numeric = table_text(frame, columns=result_columns(frame))
    assert header[:2] == ["Day", "Item id"]
    assert heading("mean_discount_pct") == "Mean discount (%)"
    assert rows[0] == [
        "2025-01-06", "1234", "1,234", "5.00%", "€12,346", "€9.50", "−0.12\u202fpp", "3.14", "1.50",
        "0.0001235",
    ]  # fmt: skip
    assert numeric[:3] == [False, False, True]


@pytest.mark.parametrize("spec", library(), ids=lambda spec: spec.name)
def test_every_result_can_be_shown(spec: object, shop_root: Path) -> None:
    frame = query(spec.name)
    _, rows, _ = table_text(frame.head(10), columns=result_columns(frame))
    assert len(rows) == min(10, len(frame))
    shares = [name for name in frame if str(name).endswith(("_share", "_rate"))]
    assert all(frame[name].dropna().between(-1e-9, 1 + 1e-9).all() for name in shares)
