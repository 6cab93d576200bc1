"""The library in PostgreSQL and Spark SQL: what translates, and whether it then says the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.query_postgres import server, server_programs
from support.query_shop import build_shop

from journey.errors import JourneyError
from journey.warehouse.connect import connect
from journey.warehouse.query import find, library, query
from journey.warehouse.query_portability import DIALECTS, portability, translate

NOT_TRANSLATED = {
    ("coupon_sessions", "spark"): "a window frame cannot be bounded by intervals of two units",
    ("exposure_covariates", "postgres"): "there is no as-of join",
    ("exposure_covariates", "spark"): "there is no as-of join",
    ("price_as_of_view", "postgres"): "there is no as-of join",
    ("price_as_of_view", "spark"): "there is no as-of join",
}
#: PostgreSQL adds doubles in another order, and prints 15 to 17 digits.
TOLERANCE = 1e-9


def test_the_list_of_what_does_not_translate() -> None:
    rows = portability()
    assert len(rows) == len(library()) * len(DIALECTS)
    assert {(row.name, row.dialect): row.reason for row in rows if not row.translated} == NOT_TRANSLATED
    assert all(row.reason == "" for row in rows if row.translated)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_at_least_four_fifths_translate(dialect: str) -> None:
    rows = [row for row in portability() if row.dialect == dialect]
    assert sum(row.translated for row in rows) / len(rows) >= 0.8


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
    translated = [row.name for row in portability() if row.dialect == "postgres" and row.translated]
    with connect(path) as warehouse, server(programs) as postgres:
        postgres.load(warehouse)
        for name in translated:
            want = query(name, warehouse)
            got = postgres.rows(translate(find(name), "postgres"))
            assert list(got) == list(want), name
            for column in want:
                kind = "datetime64[us]" if want[column].dtype.kind == "M" else None
                numeric = pd.api.types.is_numeric_dtype(want[column])
                kind = "float64" if numeric else kind or want[column].dtype
                pd.testing.assert_series_equal(
                    got[column].astype(kind), want[column].astype(kind), rtol=TOLERANCE, atol=TOLERANCE,
                    obj=f"{name}.{column}",
                )  # fmt: skip
