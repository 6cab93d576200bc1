"""Chapter 08's findings on a store without truth, and that they refuse a store without orders."""

from __future__ import annotations

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.findings.customer_value import collect as chapter
from journey.findings.customer_value.figures import later_months
from journey.findings.desk import Desk
from journey.paths import project
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A desk for a store that has no truth."""
    simulate(tmp_path / "store", ShopParameters(users=4_000, items=120, seed=4))
    build_warehouse(tmp_path / "store", tmp_path / "shop.duckdb", project().sql, features=False)
    monkeypatch.setenv("JOURNEY_EVIDENCE", "committed")
    monkeypatch.setattr(Desk, "folder", property(lambda self: tmp_path))
    found = Desk("customer_value", project(), store="mine")
    found.__dict__["warehouse"] = connect(tmp_path / "shop.duckdb")
    return found


def test_a_store_without_truth_is_foretold_from_its_own_days(desk):
    chapter.collect(desk)
    names = {number.id.removeprefix("customer_value.") for number in desk.ledger}
    assert {
        "week_after",
        "shop_model",
        "shop_best_r2",
        "shop_model_bias",
        "retail_total",
        "watch_false",
    } <= names
    assert not names & {"oracle_r2", "truly_gone", "shop_auc_ceiling"}
    value = pd.read_parquet(desk.folder / "value.parquet")
    assert len(value) == 3
    assert (value["r2_low"] <= value["r2"]).all()
    retention = pd.read_parquet(desk.folder / "retention.parquet")
    assert (retention["bought"] <= retention["n"]).all()


def test_ages_of_cohorts_become_calendar_months_across_a_year():
    cells = pd.DataFrame({"cohort": ["2010-12-01", "2010-12-01", "2011-10-01"], "age": [1, 11, 1]})
    assert [f"{pd.Period(ordinal=each, freq='M'):%b %Y}" for each in later_months(cells)] == [
        "Jan 2011",
        "Nov 2011",
        "Nov 2011",
    ]


def test_a_store_without_orders_is_refused(tmp_path):
    import duckdb

    empty = Desk("customer_value", project(), store="mine")
    empty.__dict__["warehouse"] = duckdb.connect()
    empty.warehouse.execute(
        "create schema marts; create table marts.orders"
        " (order_id int, user_id int, order_ts timestamp, net_revenue double)"
    )
    with pytest.raises(JourneyError, match="store mine has no order"):
        chapter.shop_orders(empty)
