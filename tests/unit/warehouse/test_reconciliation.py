"""SQL and pandas agree on a simulated shop, and totals in are totals out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from support.reference_sessions import Reference, assert_agrees, read_raw, reference

from journey.paths import project
from journey.stores.simulator import DirtRates, ShopParameters, simulate
from journey.warehouse.build import WarehouseSummary, build_warehouse
from journey.warehouse.connect import connect

#: several times the default rates, so that kinds of dirt meet on one row
HARSH = DirtRates(
    duplicate=0.06,
    late=0.05,
    skewed=0.04,
    bot=0.01,
    missing_user=0.03,
    negative_quantity=0.08,
    type_change=True,
)


@dataclass(frozen=True)
class Shop:
    store: Path
    raw: pd.DataFrame
    expected: Reference
    summary: WarehouseSummary
    warehouse: duckdb.DuckDBPyConnection


@pytest.fixture(scope="module", params=["default", "harsh"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("reconciliation")
    store, target = folder / "shop", folder / "shop.duckdb"
    dirt = HARSH if request.param == "harsh" else DirtRates()
    simulate(store, ShopParameters(users=1_500, items=200, days=60, seed=11, dirt=dirt))
    summary = build_warehouse(store, target, project().sql, features=False)
    with connect(target) as warehouse:
        yield Shop(store, read_raw(store), reference(store), summary, warehouse)


def value(shop: Shop, query: str) -> object:
    row = shop.warehouse.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_the_shop_is_worth_testing_on(shop: Shop) -> None:
    assert shop.summary.sessions > 1_000
    assert shop.summary.orders > 40
    assert min(shop.summary.removed.values()) > 0
    for flag in ("is_late", "is_skewed", "is_negative_quantity", "is_retyped"):
        assert value(shop, f"select count(*) from staging.events where {flag}") > 0, flag


def test_sql_and_pandas_agree(shop: Shop) -> None:
    assert_agrees(shop.expected, shop.warehouse)


def test_conversion_is_the_same_on_both_sides(shop: Shop) -> None:
    share = value(shop, "select count(*) filter (where converted) / count(*) from marts.sessions")
    assert share == shop.expected.sessions["converted"].mean()
    assert shop.summary.converted_sessions == shop.expected.sessions["converted"].sum()


def test_raw_rows_are_kept_or_removed_for_one_reason(shop: Shop) -> None:
    assert shop.summary.raw_rows == len(shop.raw)
    assert shop.summary.clean_rows + sum(shop.summary.removed.values()) == len(shop.raw)
    assert value(shop, "select count(*) from staging.events_flagged") == len(shop.raw)
    assert value(shop, "select count(distinct (event_id, received_ts)) from staging.events_flagged") == len(
        shop.raw
    )


def test_every_clean_event_is_a_raw_row(shop: Shop) -> None:
    kept = shop.warehouse.execute("select event_id, received_ts from staging.events").df()
    found = kept.merge(shop.raw, on=["event_id", "received_ts"], validate="one_to_one")
    assert len(found) == len(kept)


def test_revenue_is_the_same_in_sessions_orders_and_lines(shop: Shop) -> None:
    lines = float(value(shop, "select sum(net_revenue) from marts.order_lines"))  # type: ignore[arg-type]
    assert value(shop, "select sum(net_revenue) from marts.orders") == pytest.approx(lines, abs=0.005)
    assert value(shop, "select sum(revenue) from marts.sessions") == pytest.approx(lines, abs=0.005)
    assert value(shop, "select sum(revenue) from marts.customers") == pytest.approx(lines, abs=0.005)
    assert shop.summary.revenue == pytest.approx(lines, abs=0.005)


def test_every_purchase_belongs_to_the_session_it_was_made_in(shop: Shop) -> None:
    outside = value(
        shop,
        """select count(*) from marts.order_lines join marts.sessions using (session_id)
        where order_ts not between session_start and session_end
            or order_lines.user_id <> sessions.user_id or not converted""",
    )
    assert outside == 0
    assert value(shop, "select count(*) from marts.order_lines") == shop.summary.order_lines


def test_customers_are_the_registered_users_without_the_bots(shop: Shop) -> None:
    registered = pd.read_parquet(shop.store / "users.parquet")
    bots = value(shop, "select count(*) from staging.bots")
    assert shop.summary.customers == len(registered) - bots  # type: ignore[operator]
    assert value(shop, "select count(*) from marts.customers where n_sessions > 0") == value(
        shop, "select count(distinct user_id) from marts.sessions"
    )


def test_first_sessions_are_one_per_visitor(shop: Shop) -> None:
    assert value(shop, "select count(*) filter (where is_new_user) from marts.sessions") == value(
        shop, "select count(distinct user_id) from staging.events"
    )


def test_no_session_pauses_longer_than_half_an_hour(shop: Shop) -> None:
    events = shop.warehouse.execute("select session_id, ts from staging.events order by 1, 2").df()
    within = events.groupby("session_id")["ts"].diff().max()
    assert pd.Timedelta(0) < within <= timedelta(minutes=30)


def test_furthest_step_agrees_with_the_times(shop: Shop) -> None:
    reached = shop.warehouse.execute(
        """select furthest_step, count(viewed_at), count(carted_at), count(checked_out_at),
            count(purchased_at), count(*) from marts.session_funnels group by 1"""
    ).fetchall()
    depth = {"visit": 0, "view": 1, "cart": 2, "checkout": 3, "purchase": 4}
    assert {step for step, *_ in reached} == set(depth)
    for step, *counts, rows in reached:
        assert counts == [rows] * depth[step] + [0] * (4 - depth[step])
