"""All SQL files have one style and one head, and what a head says is true of the table that is built."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import duckdb
import pytest
from support.warehouse_stores import SMALL_SHOP, event, write_store

from journey.paths import project
from journey.report.dictionary import column_meaning, models_by_name, shared_words
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.head import EXTRACTS, Head
from journey.warehouse.macros import definitions_used, macro_files
from journey.warehouse.models import Model
from journey.warehouse.query import QuerySpec, extracts, library, query

SQL = project().sql
MODELS = models_by_name(SQL)
QUERIES = [*library(), *extracts()]
FILES = [*MODELS.values(), *QUERIES]
#: A view that ends with the build.
PASSING = "staging.events_repaired"
BUILT = [name for name in MODELS if name != PASSING]
STORES = {
    "whole": SMALL_SHOP,
    "of few columns": [event(1), event(2, 1, "add_to_cart"), event(3, 2, "purchase", unit_price=None)],
}


@pytest.fixture(scope="module", params=[*STORES, "simulated"])
def warehouse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "simulated":
        path = project().warehouse("simulated")
        if not path.is_file():
            pytest.skip(f"{path} has not been built")
        return path
    folder = tmp_path_factory.mktemp("heads")
    exposures = [(1, "free_shipping", "control")]
    prices = request.param == "whole"
    store = write_store(folder / "store", STORES[request.param], exposures=exposures, prices=prices)
    build_warehouse(store, folder / "built.duckdb", SQL)
    return folder / "built.duckdb"


@cache
def words() -> dict[str, str]:
    return shared_words(SQL)


def head_of(file: Model | QuerySpec) -> Head:
    return file if isinstance(file, QuerySpec) else file.head


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_style(file: Model | QuerySpec) -> None:
    text = file.path.read_text(encoding="utf-8")
    head = head_of(file)
    assert head.question[0].isupper()
    assert head.question.endswith("?")
    assert max(len(line) for line in text.splitlines()) <= 110
    body = text[text.index("\n\n") :]
    code = re.sub(r"'[^']*'|^ *--.*\n", "", body, flags=re.MULTILINE)
    assert code == code.lower(), "keywords and names are lower case"
    assert not re.search(r",\s*\n\s*from\b", code), "a comma stands between two columns, not after the last"
    assert not re.search(r"\bcast\(|\binner join\b", code), "write x::type and join"
    depth = 0
    for line in code.splitlines():
        assert line.strip() or depth == 0, "an empty line stands between parts of a statement, not within one"
        depth += line.count("(") - line.count(")")


@pytest.mark.parametrize("name", BUILT)
def test_a_head_says_what_the_table_is(name: str, warehouse: Path) -> None:
    model = MODELS[name]
    with connect(warehouse) as connection:
        columns = connection.table(name).columns
        check_columns(model, columns)
        check_rows(connection, name, model.head)


@pytest.mark.parametrize("spec", QUERIES, ids=lambda spec: spec.name)
def test_a_head_says_what_the_query_returns(spec: QuerySpec, warehouse: Path) -> None:
    with connect(warehouse) as connection:
        frame = query(spec.name, connection)
    check_columns(spec, list(frame.columns))
    assert not spec.keys or not frame.duplicated(list(spec.keys)).any()
    assert spec.keys or len(frame) <= 1 or spec.level == EXTRACTS
    assert set(frame.columns[frame.isna().any()]) <= set(spec.nulls)


def check_columns(source: Model | QuerySpec, columns: list[str]) -> None:
    head, shared = head_of(source), words() if isinstance(source, QuerySpec) else {}
    for column in columns:
        assert column_meaning(column, source, MODELS, shared)
    said = {*head.keys, *head.nulls, *dict(head.columns)}
    assert said <= set(columns), "the head names a column that is not there"


def check_rows(connection: duckdb.DuckDBPyConnection, name: str, head: Head) -> None:
    if head.keys:
        keys = ", ".join(head.keys)
        repeated = f"select count(*) - count(distinct ({keys})) from {name}"
        assert connection.execute(repeated).fetchone() == (0,), f"({keys}) must identify a row"
    promised = [column for column in connection.table(name).columns if column not in head.nulls]
    counts = ", ".join(f"count(*) - count({column})" for column in promised)
    nulls = dict(zip(promised, connection.execute(f"select {counts} from {name}").fetchone(), strict=True))
    assert not any(nulls.values()), nulls


def test_every_shared_word_is_used_and_none_is_said_twice() -> None:
    used = set()
    for spec in library():
        used |= set(re.findall(r"[a-z_0-9]+", spec.sql)) - set(dict(spec.columns))
        for column, meaning in spec.columns:
            assert words().get(column) != meaning, f"{spec.name}: {column} is said in columns.toml"
    assert set(words()) <= used


def test_macros_are_written_once() -> None:
    """Wilson's interval stands in one place; a query that uses it defines nothing itself."""
    everything = "".join(file.sql for file in FILES)
    assert "sqrt(" not in everything
    assert sum("wilson_low" in spec.sql for spec in library()) >= 10
    assert "wilson_low" in "".join(macro_files())
    assert definitions_used("select wilson_low(1, 2, 3)").count("create or replace temp macro") == 1
    assert definitions_used("select 1") == ""


def test_findings_read_the_warehouse_only_through_named_queries() -> None:
    findings = Path(query.__code__.co_filename).parents[1] / "findings"
    inline = [file.name for file in findings.rglob("*.py") if ".execute(" in file.read_text(encoding="utf-8")]
    assert not inline, "write the statement as a file of sql/analysis/extracts and run it by its name"
