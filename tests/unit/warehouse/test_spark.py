"""The models in Spark SQL: what the rules say, and that Spark fills the same tables where it is installed."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
import sqlglot
from support.foreign_logs import MAP, brought, raw, written
from support.warehouse_stores import SMALL_SHOP, event, write_store

from journey.errors import JourneyError
from journey.paths import project
from journey.studies.spark_engine.study import compared
from journey.studies.sql_systems.spark import SMALL
from journey.warehouse.build import build_warehouse
from journey.warehouse.models import Model, read_models
from journey.warehouse.session_rule import check_engine
from journey.warehouse.spark import load_store, spark_session
from journey.warehouse.spark_build import build_on_spark
from journey.warehouse.spark_sql import spark_select

SQL = project().sql
MODELS = [*read_models(SQL / "staging"), *read_models(SQL / "marts")]
MISSING = [
    reason
    for absent, reason in (
        (importlib.util.find_spec("pyspark") is None, "PySpark: pip install '.[spark]'"),
        (shutil.which("java") is None, "Java 17 or newer"),
    )
    if absent
]


def said(select: str) -> str:
    """A query in Spark SQL, on one line."""
    model = Model("marts.one", Path("one.sql"), f"create or replace table marts.one as {select}", (), False)
    return " ".join(spark_select(model).split()).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_can_be_said(model: Model):
    tree = sqlglot.parse_one(spark_select(model), read="spark")
    assert not list(tree.find_all(sqlglot.exp.Placeholder))
    read = {table.name for table in tree.find_all(sqlglot.exp.Table) if "__" in table.name}
    assert read == {table.replace(".", "__") for table in model.reads}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("select epoch_us(a) as x from t", "SELECT UNIX_MICROS(a) AS x FROM t"),
        (
            "select date_sub('microsecond', a, b) as x from t",
            "SELECT (UNIX_MICROS(b) - UNIX_MICROS(a)) AS x FROM t",
        ),
        (
            "select round(a, 6) as x from t",
            "SELECT (ROUND(CAST(a AS DOUBLE) * 1e6) / 1e6) AS x FROM t",
        ),
        ("select min(a, 3)[3] as x from t", "SELECT GET(SORT_ARRAY(COLLECT_LIST(a)), 2) AS x FROM t"),
        (
            "select arg_min(a, b) as x from t",
            "SELECT MIN_BY(a, IF(a IS NOT NULL, b, NULL)) AS x FROM t",
        ),
        ("select a::hugeint as x from t", "SELECT CAST(a AS DECIMAL(38, 0)) AS x FROM t"),
        ("select a as x from raw.t order by a", "SELECT a AS x FROM raw__t"),
    ],
)
def test_a_rule_says_it_in_spark(ours: str, theirs: str):
    assert said(ours) == theirs


def test_an_as_of_join_becomes_a_join_on_two_bounds():
    text = said("select a.k from a asof join b on a.k = b.k and b.t < a.t")
    assert "LEAD(t) OVER (PARTITION BY k ORDER BY t" in text
    assert "(b.next_key IS NULL OR b.next_key >= a.t)" in text
    assert "ASOF" not in text


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ("select list_aggregate(a, 'sum') from t", "list_aggregate"),
        ("select epoch(a) as x from t", "epoch"),
        ("select a.k from a asof join b on a.k = b.k and b.t <= a.t", "as-of join"),
    ],
)
def test_what_no_rule_knows_is_refused(select: str, reason: str):
    with pytest.raises(JourneyError, match=reason):
        said(select)


@pytest.mark.skipif(bool(MISSING), reason=f"needs {' and '.join(MISSING)}")
def test_spark_fills_the_same_tables(tmp_path: Path):
    events = [
        *SMALL_SHOP,
        *(event(line, 0, "purchase", user_id=9).again(wait) for line, wait in ((31, 0), (31, 0), (31, 60))),
        event(41, 3, "add_to_cart", user_id=9),
        event(41, 3, "add_to_cart", user_id=9).again(5, event_id=39),
    ]
    store = write_store(tmp_path / "dirty", events)
    ours = build_warehouse(store, tmp_path / "duckdb.duckdb", SQL)
    theirs = build_on_spark(store, tmp_path / "spark.duckdb", SQL, master="local[1]", settings=SMALL)
    assert theirs == ours
    assert compared(tmp_path / "duckdb.duckdb", tmp_path / "spark.duckdb")["tables"] == len(MODELS) - 1


@pytest.mark.skipif(bool(MISSING), reason=f"needs {' and '.join(MISSING)}")
def test_spark_reads_the_files_that_an_import_writes(tmp_path: Path):
    brought(tmp_path, written(tmp_path))
    store = tmp_path / "data/stores/mine/raw"
    sql = """select user_id, cast(ts as varchar(30)) as ts, event_type, item_id, device, channel, quantity,
        unit_price from {events} order by event_id"""
    ours = raw(tmp_path, sql.format(events="events"))
    with spark_session("local[1]", tmp_path / "tables", **SMALL) as session:
        load_store(session, store, [], sorted(store.glob("events/day=*/*.parquet")))
        theirs = [tuple(row) for row in session.sql(sql.format(events="raw__events")).collect()]
        users = session.sql("select count(*) from raw__users").collect()[0][0]
    assert theirs == ours
    assert users == 2


def test_sessions_of_the_shops_own_are_refused_in_a_sentence(tmp_path: Path):
    text = MAP.replace("[events]", 'session = "order"\n\n[events]') + '[rules]\nsession = "own"\n'
    brought(tmp_path, written(tmp_path), text)
    with pytest.raises(JourneyError, match="the sessions of mine are those of its own numbers, which only"):
        check_engine(tmp_path / "data/stores/mine/raw")


def test_a_missing_java_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.import_module", lambda name: None)
    with (
        pytest.raises(JourneyError, match="Spark needs Java 17 or newer"),
        spark_session("local[1]", tmp_path),
    ):
        pass
