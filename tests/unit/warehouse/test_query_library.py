"""Every query of the library: its head, its shape, and its result against a recount in pandas."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp
from support.query_check import EXPECTED, LIMITS, check_numbers, check_result
from support.query_recount import Shop
from support.query_shop import build_awkward_shop, build_shop

from journey.paths import project
from journey.report.sqlmeaning import meaning
from journey.warehouse.connect import connect
from journey.warehouse.query import QuerySpec, library, query

Results = Callable[[str], pd.DataFrame]

SHOPS = {"tiny": build_shop, "awkward": build_awkward_shop}
LIBRARY = {spec.name: spec for spec in library()}


@pytest.fixture(scope="module", params=["tiny", "awkward", "simulated"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    """The hand-made shops, and the simulated one when it has been built."""
    path = project().warehouse("simulated")
    if request.param in SHOPS:
        path = tmp_path_factory.mktemp("shop") / f"{request.param}.duckdb"
        SHOPS[request.param](path)
    elif not path.is_file():
        pytest.skip(f"{path} has not been built")
    return connect(path)


@pytest.fixture(scope="module")
def shop(warehouse: duckdb.DuckDBPyConnection) -> Shop:
    return Shop(warehouse)


@pytest.fixture(scope="module")
def results(warehouse: duckdb.DuckDBPyConnection) -> Results:
    """Every query's result on default parameters, each run once."""
    return cache(lambda name: query(name, warehouse))


def test_the_library_covers_three_levels() -> None:
    levels = [spec.level for spec in library()]
    assert len(levels) >= 30
    assert min(levels.count(level) for level in ("basic", "intermediate", "advanced")) >= 10


def test_every_query_is_recounted() -> None:
    missing = sorted(set(LIBRARY) ^ set(EXPECTED))
    assert not missing, f"add a recount of {missing} to tests/support/query_expected_*.py"
    limited = {name: dict(spec.parameters)["n"] for name, spec in LIBRARY.items() if "limit $n" in spec.sql}
    assert limited == LIMITS


@pytest.mark.parametrize("spec", library(), ids=lambda spec: spec.name)
def test_head_and_style(spec: QuerySpec) -> None:
    tree = sqlglot.parse_one(spec.sql, read="duckdb")
    assert spec.meaning.endswith(".")
    assert tree.args.get("order") is not None or not spec.keys, "the result must be ordered"
    used = {node.name for node in tree.find_all(exp.Placeholder, exp.Parameter)}
    assert used == set(dict(spec.parameters))


@pytest.mark.parametrize("name", LIBRARY)
def test_result_against_a_recount(
    name: str, results: Results, shop: Shop, warehouse: duckdb.DuckDBPyConnection
) -> None:
    spec = LIBRARY[name]
    frame = results(name)
    assert not frame.duplicated(list(spec.keys) or None).any(), "declared keys must be unique"
    assert set(spec.nulls) <= set(frame.columns)
    check_result(spec, frame, EXPECTED[name](shop))
    check_numbers(spec, warehouse, spec.sql)


def test_order_and_digits_do_not_depend_on_threads(
    warehouse: duckdb.DuckDBPyConnection, results: Results
) -> None:
    threads = warehouse.execute("select current_setting('threads')").fetchone()
    for other in (1, 4):
        warehouse.execute(f"set threads = {other}")
        for name in LIBRARY:
            pd.testing.assert_frame_equal(query(name, warehouse), results(name), check_exact=True, obj=name)
    warehouse.execute(f"set threads = {threads[0]}")


@pytest.mark.parametrize("name", LIBRARY)
def test_sentence_is_filled(name: str, results: Results) -> None:
    text = meaning(LIBRARY[name], results(name))
    assert text.endswith(".")
    assert not re.search(r"[{}]|\bnan\b|\bnone\b", text), text


def test_an_empty_shop_gives_empty_results_not_errors(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    build_shop(path)
    with connect(path, read_only=False) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (table,) in tables:
            connection.execute(f"delete from {table}")
        for spec in library():
            frame = query(spec.name, connection)
            assert meaning(spec, frame).endswith(".")
