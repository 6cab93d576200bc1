"""The library in PostgreSQL and Spark SQL: what translates, and whether it then says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from support.query_shop import build_shop

from journey.errors import JourneyError
from journey.report.sqlsystems import CHANGED, measured
from journey.studies.registry import kept
from journey.studies.sql_systems.postgres import server, server_programs
from journey.studies.sql_systems.study import SAME, difference, outcomes
from journey.warehouse.connect import connect
from journey.warehouse.query import find, library
from journey.warehouse.query_portability import DIALECTS, portability, translate

NOT_TRANSLATED = {
    ("coupon_sessions", "spark"): "a window frame cannot be bounded by intervals of two units",
    ("exposure_covariates", "postgres"): "there is no as-of join",
    ("exposure_covariates", "spark"): "there is no as-of join",
    ("price_as_of_view", "postgres"): "there is no as-of join",
    ("price_as_of_view", "spark"): "there is no as-of join",
}


def test_the_list_of_what_does_not_translate() -> None:
    rows = portability()
    assert len(rows) == len(library()) * len(DIALECTS)
    assert {(row.name, row.dialect): row.reason for row in rows if not row.translated} == NOT_TRANSLATED
    assert all(row.reason == "" for row in rows if row.translated)


def test_parameters_become_their_defaults() -> None:
    assert "LIMIT 20" in translate(find("top_products"), "postgres")
    for spec in library():
        for row in portability():
            if row.name == spec.name and row.translated:
                assert "$" not in translate(spec, row.dialect)


def test_an_unknown_dialect_is_an_error() -> None:
    with pytest.raises(JourneyError, match="'oracle' is not one of postgres, spark"):
        translate(find("event_mix"), "oracle")


def test_postgresql_returns_the_same_rows(tmp_path: Path) -> None:
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here, so the translations are parsed but not run")
    path = tmp_path / "tiny.duckdb"
    build_shop(path)
    with connect(path) as warehouse, server(programs) as postgres:
        found = outcomes(postgres, "postgres", warehouse)
    assert set(found.values()) == {SAME}, found


def test_what_counts_as_the_same() -> None:
    moments = pd.to_datetime(["2026-01-01 12:00:00.25", None])
    frame = pd.DataFrame({"at": moments, "n": [1, 2], "share": [0.25, None], "name": ["a", None]})
    assert difference(frame, frame.copy()) == SAME
    assert difference(frame, frame.assign(share=[0.25 + 1e-12, None])) == SAME
    assert difference(frame, frame.assign(share=[0.2500001, None])) == "other values in share"
    assert difference(frame, frame.assign(share=[0.25, 0.0])) == "other values in share"
    assert difference(frame, frame.assign(name=["a", "b"])) == "other values in name"
    assert difference(frame, frame.assign(at=moments[::-1])) == "other values in at"
    assert difference(frame, frame.head(1)) == "1 rows instead of 2"
    assert difference(frame, frame[["n", "at", "share", "name"]]) == "other columns"


def test_the_page_counts_what_was_run() -> None:
    """At least four fifths of the library, as it is today, returned the same values on each system."""
    rows = measured(kept("sql_systems").results)
    assert rows.groupby("system")["same"].mean().ge(0.8).all()
    different = rows[rows["translated"] & ~rows["same"]]
    assert set(different["reason"]) <= {CHANGED}, different


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ("select 1 / 3", "SELECT CAST(1 AS DOUBLE) / 3"),
        ("select avg(x) from t", "SELECT AVG(CAST(x AS DOUBLE)) FROM t"),
        (
            "select date_diff('day', a, b) from t",
            "SELECT DATEDIFF(DAY, CAST(a AS DATE), CAST(b AS DATE)) FROM t",
        ),
        (
            "select date_diff('second', a, b) from t",
            "SELECT (FLOOR(UNIX_TIMESTAMP(b)) - FLOOR(UNIX_TIMESTAMP(a))) FROM t",
        ),
        (
            "select percentile_cont(0.5) within group (order by x) from t",
            "SELECT PERCENTILE(x, 0.5) FROM t",
        ),
        ("select extract(isodow from a) from t", "SELECT EXTRACT(dayofweek_iso FROM a) FROM t"),
    ],
)
def test_what_means_something_else_in_spark_is_said_in_other_words(sql: str, spark: str) -> None:
    spec = replace(find("event_mix"), sql=sql, parameters=())
    assert " ".join(translate(spec, "spark").split()).replace("( ", "(").replace(" )", ")") == spark
