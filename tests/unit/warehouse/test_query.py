"""Running queries by name, their heads, and their timings."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.query_shop import build_shop

from journey.errors import JourneyError
from journey.warehouse.connect import connect
from journey.warehouse.head import parse_query
from journey.warehouse.query import find, library, query, rounded, run
from journey.warehouse.query_timings import load_timings, measure_timings

HEAD = """-- question: Which?
-- grain: device
-- technique: group by
-- parameters: n = 3, z = 1.5, label = 'all'
-- keys: device, channel
-- nulls: revenue
-- columns:
--   device: what was
--     used
--   revenue: money, EUR
-- meaning: One sentence that goes
--   on in a second line.

select 1 as device from marts.sessions
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    path = tmp_path_factory.mktemp("shop") / "tiny.duckdb"
    build_shop(path)
    return connect(path)


def write(folder: Path, text: str, level: str = "basic") -> Path:
    path = folder / level / "example.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_library_is_ordered_by_level_and_name() -> None:
    order = ["basic", "intermediate", "advanced"]
    places = [(order.index(spec.level), spec.name) for spec in library()]
    assert places == sorted(places)


def test_unknown_name_suggests_the_closest() -> None:
    with pytest.raises(JourneyError, match="did you mean overall_metrics"):
        query("overal_metric")
    with pytest.raises(JourneyError, match=r"no query is called 'xyz'; there are \d+ in sql/analysis"):
        query("xyz")


def test_unknown_parameter_names_the_known_ones(warehouse: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(JourneyError, match=r"'basket_affinity' has no parameter 'limit'; it has min_orders"):
        query("basket_affinity", warehouse, limit=3)


def test_parameters_replace_their_defaults(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert len(query("top_products", warehouse)) == 20
    pd.testing.assert_frame_equal(
        query("top_products", warehouse, n=4), query("top_products", warehouse).head(4)
    )


def test_a_warehouse_without_the_tables_is_one_clear_sentence() -> None:
    with (
        duckdb.connect() as empty,
        pytest.raises(JourneyError, match="query 'event_mix' failed: Catalog Error"),
    ):
        query("event_mix", empty)


def test_a_missing_warehouse_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sql").symlink_to(find("event_mix").path.parents[2])
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    with pytest.raises(JourneyError, match=r"simulated\.duckdb.*journey build"):
        query("event_mix")


def test_repeated_columns_and_wide_integers() -> None:
    with duckdb.connect() as memory:
        with pytest.raises(JourneyError, match="returns the column 'a' twice"):
            run("select 1 as a, 2 as a", memory)
        assert run("select sum(x) as total from range(4) t(x)", memory)["total"].dtype == "int64"


def test_rounding_keeps_twelve_digits_and_special_values() -> None:
    values = [1 / 3, -2e-9 / 3, 123456789012.345, 0.0, np.inf, -np.inf, np.nan]
    got = rounded(pd.DataFrame({"x": values, "n": range(7)}))["x"]
    want = [0.333333333333, -6.66666666667e-10, 123456789012.0, 0.0, np.inf, -np.inf, np.nan]
    np.testing.assert_array_equal(got, want)


def test_head_is_parsed(tmp_path: Path) -> None:
    spec = parse_query(write(tmp_path, HEAD))
    assert spec.name == "example"
    assert spec.parameters == (("n", 3), ("z", 1.5), ("label", "all"))
    assert spec.keys == ("device", "channel")
    assert spec.nulls == ("revenue",)
    assert spec.meaning == "One sentence that goes on in a second line."
    assert spec.columns == (("device", "what was used"), ("revenue", "money, EUR"))
    assert (spec.level, spec.tables) == ("basic", ("marts.sessions",))
    assert spec.sql == "select 1 as device from marts.sessions\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-- grain: device\n", "", "no grain"),
        ("-- grain: device", "-- grain: device\n-- grain: device", "line 3.*repeats field 'grain'"),
        ("-- grain", "-- size", "unknown field 'size'"),
        ("revenue: money", "Revenue is money", "'Revenue is money, EUR' must look like 'orders: how many'"),
        ("-- grain: device", "--grain: device", "line 2: expected '-- field: text'"),
        ("n = 3", "n: 3", "parameter 'n: 3' must look like"),
        ("select 1 as device from marts.sessions\n", "", "no statement below"),
    ],
)
def test_a_wrong_head_is_an_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in HEAD
    with pytest.raises(JourneyError, match=message):
        parse_query(write(tmp_path, HEAD.replace(old, new)))


def test_a_folder_that_is_no_level_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="must be one of basic, intermediate, advanced, extracts"):
        parse_query(write(tmp_path, HEAD, "expert"))


def test_two_queries_of_one_name_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = tmp_path / "sql" / "analysis"
    analysis.mkdir(parents=True)
    write(analysis, HEAD)
    write(analysis, HEAD, "advanced")
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    with pytest.raises(JourneyError, match="two queries are called 'example'"):
        library()


def test_timings_are_written_and_read_back(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "timings.json"
    assert load_timings(path) == {}
    measured = measure_timings(path, warehouse, repeats=1)
    assert [timing.name for timing in measured] == [spec.name for spec in library()]
    assert all(0 < timing.seconds < 60 for timing in measured)
    assert load_timings(path) == {timing.name: timing for timing in measured}
    path.write_text(json.dumps({"queries": [{"name": "x"}]}), encoding="utf-8")
    with pytest.raises(JourneyError, match="not a file of timings"):
        load_timings(path)
    with pytest.raises(JourneyError, match="at least once"):
        measure_timings(path, warehouse, repeats=0)
