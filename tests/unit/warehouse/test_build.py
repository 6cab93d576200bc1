"""A build is whole or not at all, the same every time, and clear about bad input."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.warehouse_stores import NOON, SMALL_SHOP, event, write_store

from journey.errors import JourneyError
from journey.paths import project
from journey.warehouse.build import WarehouseSummary, build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.invariants import INVARIANTS

SQL = project().sql


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write_store(
        tmp_path / "small",
        SMALL_SHOP,
        text_from=(NOON + timedelta(days=1)).date(),
        exposures=[(1, "free_shipping", "control"), (3, "free_shipping", "treatment")],
    )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "processed" / "small.duckdb"


def test_a_small_shop_by_hand(store: Path, target: Path) -> None:
    summary = build_warehouse(store, target, SQL, features=False)
    assert summary == WarehouseSummary(
        store="small",
        raw_rows=71,
        clean_rows=9,
        removed={"missing_user": 1, "bot": 60, "duplicate": 1},
        sessions=3,
        converted_sessions=1,
        orders=1,
        order_lines=2,
        customers=2,
        revenue=25.5,  # 2 x 12.50 less 10%, and 3.00
        invariants=len(INVARIANTS) + 1,
    )
    with connect(target) as warehouse:
        sessions = warehouse.execute(
            "select session_id, user_id, session_number, is_new_user, channel, device, n_events, revenue,"
            " duration_s from marts.sessions order by session_id"
        ).fetchall()
        assert sessions == [
            (1, 1, 1, True, "direct", "mobile", 6, 25.5, 240.0),
            (2, 2, 1, True, "direct", "mobile", 1, 0.0, 0.0),
            (3, 2, 2, False, "direct", "desktop", 2, 0.0, 60.0),
        ]
        assert warehouse.execute(
            "select order_id, n_lines, quantity, gross_revenue, net_revenue from marts.orders"
        ).fetchall() == [(5, 2, 3, 28.0, 25.5)]
        assert warehouse.execute("select user_id from staging.exposures").fetchall() == [(1,)]
        steps = (
            "select furthest_step, date_diff('minute', viewed_at, purchased_at) from marts.session_funnels"
        )
        assert warehouse.execute(f"{steps} order by session_id").fetchall() == [
            ("purchase", 3),
            ("view", None),
            ("cart", None),
        ]
        assert warehouse.execute(
            "select unit_price, is_retyped from staging.events where event_id = 9"
        ).fetchall() == [(10.0, True)]


def test_every_mart_is_built_unless_told_otherwise(store: Path, target: Path) -> None:
    marts = {file.stem for file in (SQL / "marts").glob("*.sql")}
    listed = "select table_name from information_schema.tables where table_schema = 'marts'"
    build_warehouse(store, target, SQL)
    with connect(target) as warehouse:
        assert {name for (name,) in warehouse.execute(listed).fetchall()} == marts


@pytest.mark.parametrize(("minutes", "sessions"), [(29.999, 1), (30.0, 1), (30.001, 2)])
def test_a_gap_of_exactly_thirty_minutes_stays_inside(
    tmp_path: Path, target: Path, minutes: float, sessions: int
) -> None:
    store = write_store(tmp_path / "gap", [event(1), event(2, minutes)])
    assert build_warehouse(store, target, SQL, features=False).sessions == sessions


def test_a_wrong_clock_is_put_right_by_the_arrival(tmp_path: Path, target: Path) -> None:
    rows = [event(i, i) for i in range(5)]
    in_1970 = replace(event(9, 5), ts=NOON - timedelta(days=20_000), received_ts=NOON + timedelta(minutes=5))
    build_warehouse(write_store(tmp_path / "clock", [*rows, in_1970]), target, SQL, features=False)
    with connect(target) as warehouse:
        found = warehouse.execute(
            "select ts, is_skewed, session_id from staging.events where event_id = 9"
        ).fetchone()
    # The other rows took 2 seconds to the server, so this one is believed to have taken 2 as well.
    assert found == (NOON + timedelta(minutes=5, seconds=-2), True, 1)


def test_a_store_without_prices_checkouts_or_exposures(tmp_path: Path, target: Path) -> None:
    rows = [event(1), event(2, 1, "add_to_cart"), event(3, 2, "purchase"), event(4, 50, "purchase")]
    store = write_store(tmp_path / "bare", rows, prices=False)
    summary = build_warehouse(store, target, SQL, features=False)
    assert (summary.sessions, summary.converted_sessions, summary.orders, summary.revenue) == (2, 2, 2, None)
    with connect(target) as warehouse:
        assert warehouse.execute("select net_revenue from marts.orders").fetchall() == [(None,), (None,)]
        assert warehouse.execute("select revenue from marts.sessions").fetchall() == [(None,), (None,)]
        assert warehouse.execute("select revenue from marts.customers").fetchall() == [(None,)]
        funnels = (
            "select furthest_step, purchased_at is not null, bought_at is not null "
            "from marts.session_funnels order by session_id"
        )
        # With no checkout recorded anywhere the cart leads to the purchase; the second session never viewed.
        assert warehouse.execute(funnels).fetchall() == [("purchase", True, True), ("visit", False, True)]


def test_a_price_that_is_missing_makes_its_order_unknown_and_no_other(tmp_path: Path, target: Path) -> None:
    rows = [
        event(1, 0, "purchase", unit_price=4.0),
        event(2, 0, "purchase", item_id=2, unit_price=None),
        event(3, 90, "purchase", unit_price=5.0),
        event(4, 0, user_id=2),
    ]
    build_warehouse(write_store(tmp_path / "holes", rows), target, SQL, features=False)
    with connect(target) as warehouse:
        revenue = "select user_id, revenue from marts.sessions order by session_id"
        assert warehouse.execute(revenue).fetchall() == [(1, None), (1, 5.0), (2, 0.0)]
        orders = "select gross_revenue, net_revenue from marts.orders order by order_id"
        assert warehouse.execute(orders).fetchall() == [(None, None), (5.0, 5.0)]
        customers = "select revenue from marts.customers order by user_id"
        assert warehouse.execute(customers).fetchall() == [(None,), (0.0,)]


@pytest.mark.parametrize(
    ("recorded", "reached"),
    [
        # what the store records at all -> how far a session with exactly these steps gets
        (("view", "purchase"), {"viewed_at": 0, "carted_at": None, "purchased_at": 1}),
        (("add_to_cart", "purchase"), {"viewed_at": None, "carted_at": 0, "purchased_at": 1}),
        (("checkout", "purchase"), {"viewed_at": None, "checked_out_at": 0, "purchased_at": 1}),
        (("purchase",), {"viewed_at": None, "purchased_at": 0}),
    ],
)
def test_steps_that_are_not_recorded_are_left_out(
    tmp_path: Path, target: Path, recorded: tuple[str, ...], reached: dict[str, int | None]
) -> None:
    rows = [event(number, number, kind) for number, kind in enumerate(recorded)]
    build_warehouse(write_store(tmp_path / "few", rows), target, SQL, features=False)
    columns = ", ".join(f"date_diff('minute', timestamp '{NOON}', {step})" for step in reached)
    with connect(target) as warehouse:
        found = warehouse.execute(f"select {columns} from marts.session_funnels").fetchone()
    assert found == tuple(reached.values())


def test_two_lines_of_one_order_are_an_order_of_two(tmp_path: Path, target: Path) -> None:
    two = [event(1), event(2, 1, "purchase"), event(3, 1, "purchase")]
    again = [event(4).again(30), event(5, 1, "purchase").again(30), event(6)]
    summary = build_warehouse(write_store(tmp_path / "two", [*two, *again]), target, SQL, features=False)
    # Sent again half a minute later they are duplicates; a view at one moment is one view.
    assert summary.removed["duplicate"] == 3
    with connect(target) as warehouse:
        lines = "select order_id, line_number, item_id, quantity from marts.order_lines order by line_number"
        assert warehouse.execute(lines).fetchall() == [(2, 1, 1, 1), (2, 2, 1, 1)]
        orders = "select n_lines, quantity, net_revenue from marts.orders"
        assert warehouse.execute(orders).fetchall() == [(2, 2, 20.0)]


def test_two_builds_hold_the_same_rows(store: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.duckdb", tmp_path / "two.duckdb"
    summary = build_warehouse(store, one, SQL, features=False)
    assert summary == build_warehouse(store, two, SQL, threads=1, features=False)
    assert contents(one) == contents(two)


def contents(path: Path) -> dict[str, str]:
    """A fingerprint per table, whatever the order of its rows."""
    with connect(path) as warehouse:
        tables = warehouse.execute(
            "select table_schema || '.' || table_name from information_schema.tables order by 1"
        ).fetchall()
        return {
            table: str(
                warehouse.execute(
                    f"select md5(string_agg(t::varchar, '|' order by t::varchar)) from {table} t"
                ).fetchone()
            )
            for (table,) in tables
        }


def test_the_warehouse_needs_no_raw_file(store: Path, target: Path) -> None:
    build_warehouse(store, target, SQL, features=False)
    shutil.rmtree(store)
    with connect(target) as warehouse:
        assert warehouse.execute("select count(*) from staging.events_flagged").fetchone() == (71,)
        assert not warehouse.execute(
            "select 1 from information_schema.schemata where schema_name = 'raw'"
        ).fetchall()


def test_progress_counts_to_the_end(store: Path, target: Path) -> None:
    calls: list[tuple[int, int]] = []
    build_warehouse(store, target, SQL, lambda done, of: calls.append((done, of)), features=False)
    assert [done for done, _ in calls] == list(range(calls[-1][1] + 1))
    assert len({of for _, of in calls}) == 1


@pytest.mark.parametrize("moment", [0, 7, 16])
def test_an_interrupt_leaves_the_old_warehouse_and_nothing_else(
    store: Path, target: Path, moment: int
) -> None:
    build_warehouse(store, target, SQL, features=False)
    before = target.read_bytes()

    def interrupt(done: int, _: int) -> None:
        if done == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_warehouse(store, target, SQL, interrupt, features=False)
    assert target.read_bytes() == before
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]


def test_ctrl_c_within_a_query(store: Path, target: Path, tmp_path: Path) -> None:
    build_warehouse(store, target, SQL, features=False)
    before = target.read_bytes()
    sql = tmp_path / "sql"
    shutil.copytree(SQL / "staging", sql / "staging")
    (sql / "marts").mkdir()
    (sql / "marts" / "endless.sql").write_text(
        "create or replace table marts.endless as\n"
        "select count(*) as n from range(1000000000000) r\n"
        "cross join staging.events_flagged cross join staging.users\n"
        "cross join staging.items cross join staging.exposures"
    )
    script = (
        "import sys; from pathlib import Path; from journey.warehouse.build import build_warehouse\n"
        "store, target, sql = map(Path, sys.argv[1:])\n"
        "build_warehouse(store, target, sql, lambda done, of: print(done, of, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store), str(target), str(sql)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as build:
        assert build.stdout is not None
        while True:
            done, of = map(int, build.stdout.readline().split())
            if done == of - 2:  # the last model runs, and it would run for hours
                break
        time.sleep(0.5)
        build.send_signal(signal.SIGINT)
        _, errors = build.communicate(timeout=60)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert target.read_bytes() == before
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]


def partition(store: Path) -> Path:
    return sorted((store / "events").glob("day=*/events.parquet"))[0]


def change_events(store: Path, change) -> None:
    file = partition(store)
    pq.write_table(change(pq.ParquetFile(file).read()), file)


def text_price(text: str):
    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index("unit_price")
        return table.set_column(place, "unit_price", pa.array([text] * len(table), pa.string()))

    return change


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: (s / "manifest.json").unlink(), "there is no manifest.json"),
        (lambda s: shutil.rmtree(s), "there is no manifest.json"),
        (lambda s: (s / "items.parquet").unlink(), "items.parquet: the file is missing"),
        (lambda s: shutil.rmtree(s / "events"), "there is no day=YYYY-MM-DD/events.parquet"),
        (lambda s: partition(s).write_bytes(b"PAR1 cut short"), "cannot be read"),
        (lambda s: (s / "users.parquet").write_bytes(b""), "cannot be read"),
        (lambda s: change_events(s, lambda t: t.drop_columns(["channel"])), "the column channel is missing"),
        (
            lambda s: change_events(
                s, lambda t: t.set_column(8, "quantity", t["quantity"].cast(pa.string()))
            ),
            "the column quantity is VARCHAR but must be BIGINT",
        ),
        (
            lambda s: change_events(s, text_price("EUR twelve")),
            "staging.events: 7 violations of 'every price that was written as text is read back",
        ),
    ],
)
def test_bad_stores(store: Path, target: Path, spoil, message: str) -> None:
    spoil(store)
    with pytest.raises(JourneyError) as raised:
        build_warehouse(store, target, SQL, features=False)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not target.exists()
    assert not target.parent.exists() or not list(target.parent.iterdir())


def test_a_failing_model_is_named(store: Path, target: Path, tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    for folder in ("staging", "marts"):
        shutil.copytree(SQL / folder, sql / folder)
    file = sql / "marts" / "customers.sql"
    file.write_text(file.read_text().replace("visits.first_seen", "visits.no_such_column"))
    with pytest.raises(
        JourneyError, match=r"marts.customers \(customers.sql\) could not be built: .*no_such_column"
    ):
        build_warehouse(store, target, sql, features=False)
    assert not target.exists()


def test_no_warehouse_yet(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match=r"nowhere\.duckdb: there is no warehouse yet; run `journey build"):
        connect(tmp_path / "nowhere.duckdb")


def test_a_file_that_is_no_warehouse(tmp_path: Path) -> None:
    file = tmp_path / "text.duckdb"
    file.write_text("not a database")
    with pytest.raises(JourneyError, match="not a warehouse that can be opened"):
        connect(file)


def test_readers_cannot_write(store: Path, target: Path) -> None:
    build_warehouse(store, target, SQL, features=False)
    with connect(target) as warehouse, pytest.raises(duckdb.Error, match="read-only"):
        warehouse.execute("delete from marts.sessions")
