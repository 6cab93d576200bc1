"""Queries on stores that do not record everything: what is unknown stays unknown, lost steps are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.query_shop import MARTS, build_shop

from journey.paths import project
from journey.report.sqlmeaning import meaning
from journey.warehouse.connect import connect
from journey.warehouse.query import find, library, query

#: What a store does not record -> how the tiny shop becomes one.
CHANGES = {
    "prices": "update staging.events set unit_price = null; update staging.items set price = null",
    "some prices": "update staging.events set unit_price = null where event_id % 3 = 0",
    "discounts": "update staging.events set discount_pct = null",
    "checkouts": "update staging.events set event_type = 'search' where event_type = 'checkout'",
    "carts": "update staging.events set event_type = 'search' where event_type in "
    "('checkout', 'add_to_cart', 'remove_from_cart')",
    "views": "update staging.events set event_type = 'search' where event_type = 'view'",
    "purchases": "delete from staging.events where event_type = 'purchase'",
}
MONEY = re.compile("revenue|value|list_price|offered|relative_change")


@pytest.fixture(scope="module", params=CHANGES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    path = tmp_path_factory.mktemp("few") / "shop.duckdb"
    build_shop(path)
    with connect(path, read_only=False) as connection:
        connection.execute(CHANGES[request.param])
        for mart in MARTS:
            connection.execute((project().sql / "marts" / f"{mart}.sql").read_text(encoding="utf-8"))
        yield request.param, connection


def test_nulls_only_where_declared_and_every_sentence_is_filled(
    store: tuple[str, duckdb.DuckDBPyConnection],
) -> None:
    for spec in library():
        frame = query(spec.name, store[1])
        assert set(frame.columns[frame.isna().any()]) <= set(spec.nulls), spec.name
        assert "nan" not in meaning(spec, frame), spec.name


def test_no_figure_of_money_without_prices(store: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    without, connection = store
    if without != "prices":
        pytest.skip("this store has prices")
    for spec in library():
        frame = query(spec.name, connection)
        money = [column for column in frame if MONEY.search(column)]
        assert frame[money].isna().all().all(), spec.name
    assert set(query("conversion_by_price_bucket", connection)["price_bucket"]) == {"of unknown price"}
    assert set(query("price_as_of_view", connection)["price_change"]) == {"first view", "price unknown"}
    assert query("rfm_segments", connection)["customers"].sum() > 0
    assert query("orders_reconciliation", connection)["disagreements"].sum() == 0
    assert "revenue" not in set(query("experiment_sufficient_statistics", connection)["metric"])


def test_steps_that_are_not_recorded_are_left_out(store: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    without, connection = store
    names = {"views": ["view"], "carts": ["add to cart", "checkout"], "checkouts": ["checkout"]}
    missing = names.get(without, [])
    steps = query("funnel_steps", connection).set_index("step")
    assert list(steps.index) == [
        step for step in ("visit", "view", "add to cart", "checkout", "purchase") if step not in missing
    ]
    assert (steps["sessions_lost"].dropna() >= 0).all()
    week = dict.fromkeys(("cart_minutes", "checkout_minutes", "purchase_minutes"), 7 * 1440)
    limits = query("funnel_with_time_limits", connection, **week).set_index("step")
    assert list(limits.index) == list(steps.index[1:])
    assert (limits["sessions"] == steps["sessions"].iloc[1:]).all()
    assert (limits["sessions_in_time"] == limits["sessions"]).all()
    assert without == "purchases" or limits.loc["purchase", "sessions"] > 0
    segments = query("funnel_by_segment", connection)
    columns = {"view": "viewed", "add to cart": "carted", "checkout": "checked_out"}
    assert [columns[step] for step in missing] == [
        column for column in columns.values() if segments[column].isna().all()
    ]


def test_a_purchase_without_the_steps_is_seen(tmp_path: Path) -> None:
    """Half of the carts are lost on the way: their sessions buy all the same, and the queries say so."""
    path = tmp_path / "shop.duckdb"
    build_shop(path)
    with connect(path, read_only=False) as connection:
        connection.execute(
            "delete from staging.events where event_type = 'add_to_cart' and session_id % 2 = 0"
        )
        for mart in MARTS:
            connection.execute((project().sql / "marts" / f"{mart}.sql").read_text(encoding="utf-8"))
        bought = connection.execute("select count(*) from marts.sessions where converted").fetchone()[0]
        steps = query("funnel_steps", connection).set_index("step")
        without = connection.execute(
            "select count(*) from marts.sessions where converted and session_id % 2 = 0"
        ).fetchone()[0]
        assert without > 0
        assert steps.loc["add to cart", "bought_without"] == without
        assert steps.loc["purchase", "sessions"] + steps.loc["purchase", "bought_without"] == bought
        assert query("time_to_convert", connection)["buying_sessions"].sum() == bought
        segments = query("funnel_by_segment", connection).set_index("dimension")
        assert segments.loc["all", "bought_without_a_step"] == without
        assert f"{without} sessions buy without taking every step." in meaning(
            find("funnel_steps"), query("funnel_steps", connection)
        )
