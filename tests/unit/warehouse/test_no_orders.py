"""A shop in which nobody bought: every share of nothing is null, and no query fails."""

import math

import duckdb
import pytest

from journey.paths import project
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import library


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    root = tmp_path_factory.mktemp("no_orders")
    simulate(root / "simulated", ShopParameters(users=200, days=30))
    with duckdb.connect() as connection:
        for file in (root / "simulated").glob("events/*/events.parquet"):
            kept = f"select * from '{file}' where event_type <> 'purchase'"
            connection.execute(f"create or replace table kept as {kept}")
            connection.execute(f"copy kept to '{file}' (format parquet)")
    summary = build_warehouse(root / "simulated", root / "shop.duckdb", project().sql)
    assert (summary.orders, summary.revenue) == (0, 0)
    assert summary.sessions > 200
    with connect(root / "shop.duckdb") as opened:
        yield opened


@pytest.mark.parametrize("spec", library(), ids=lambda spec: spec.name)
def test_no_share_is_undefined(warehouse, spec):
    result = warehouse.execute(spec.sql, dict(spec.parameters) or None)
    names = [column[0] for column in result.description]
    wrong = {
        name
        for row in result.fetchall()
        for name, value in zip(names, row, strict=True)
        if isinstance(value, float) and not math.isfinite(value)
    }
    assert wrong == set()
