"""The measured engines find the same sessions, a wrong one is refused, and copies of a shop are shops."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest
from support.warehouse_stores import SMALL_SHOP, event, write_store

from journey.errors import JourneyError
from journey.paths import project
from journey.studies.scale import plain, study
from journey.studies.scale.engines import (
    COLUMNS,
    MEMORY,
    PANDAS,
    POLARS,
    SCAN,
    SQL,
    all_models,
    check_equal,
    measure,
    sql_sessions,
)
from journey.studies.scale.peers import pandas_sessions
from journey.studies.scale.polars_peer import polars_sessions
from journey.studies.scale.study import (
    SAME,
    SESSIONS,
    copy_shop,
    events_of,
    growth,
    needs,
    sessions_alone,
    the_same,
)
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

SQL_FOLDER = project().sql
#: All kinds of dirt: lines written again, copies that come late, a wrong clock, a step out of order.
DIRTY = [
    *SMALL_SHOP,
    *(
        event(line, 0, "purchase", user_id=9).again(wait)
        for line, wait in ((31, 0), (31, 0), (32, 0), (31, 60))
    ),
    event(40, 0, user_id=9).again(100 * 3600),
    event(41, 3, "add_to_cart", user_id=9),
    event(41, 3, "add_to_cart", user_id=9).again(5, event_id=39),
    event(42, 50, "checkout", user_id=9, discount_pct=12.5),
]
PEERS = [
    pytest.param(lambda store: sql_sessions(store, SQL_FOLDER), id="sql in memory"),
    pytest.param(pandas_sessions, id="pandas"),
    pytest.param(
        polars_sessions,
        id="polars",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("polars") is None, reason="needs the extra bench: pip install '.[bench]'"
        ),
    ),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scale")
    return write_store(folder / "dirty", DIRTY, text_from=pd.Timestamp("2025-03-11").date())


@pytest.fixture(scope="module")
def folder(store: Path) -> Path:
    """Where the SQL has left its sessions."""
    measured = measure(SQL, store, SQL_FOLDER, store.parent)
    assert measured.processor > 0
    assert measured.memory > 0.01
    models = {name for name, *_ in measured.models}
    assert {"staging.events", "marts.sessions", "marts.features_item"} <= models
    alone = {name for name, *_ in sessions_alone(measured).models}
    assert models - alone >= {"marts.features_item", "marts.decision_points"}
    assert {"staging.events", "marts.session_funnels"} <= alone
    same = {name for name, *_ in the_same(measured, SQL_FOLDER).models}
    assert {"staging.bots", "staging.events", "marts.sessions", "marts.session_funnels"} <= same < alone
    assert not same & {"staging.exposures", "staging.events_removed", "marts.customers", "marts.orders"}
    return store.parent


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_finds_the_sessions_of_the_sql(peer, store: Path, folder: Path) -> None:
    found = peer(store)
    found[list(COLUMNS)].to_parquet(folder / "peer.parquet")
    assert check_equal(folder, (SQL, "peer")) == len(found) > 4
    assert set(found["furthest_step"]) >= {"view", "cart", "visit"}


@pytest.mark.parametrize("column", ["n_views", "furthest_step", "revenue", "duration_s", "session_end"])
def test_other_sessions_are_refused(column: str, store: Path, folder: Path) -> None:
    found = pd.read_parquet(folder / f"{SQL}.parquet")
    other = {
        "furthest_step": "none",
        "session_end": pd.Timestamp("2025-03-12"),
        "n_views": 1000,
        "revenue": 1e-5,
        "duration_s": 1e-5,
    }
    found.loc[0, column] = other[column]
    found.to_parquet(folder / "wrong.parquet")
    with pytest.raises(JourneyError, match="wrong finds 1 other sessions than sql finds; no time is shown"):
        check_equal(folder, (SQL, "wrong"))


def test_a_missing_session_is_refused(folder: Path) -> None:
    pd.read_parquet(folder / f"{SQL}.parquet").iloc[1:].to_parquet(folder / "fewer.parquet")
    with pytest.raises(JourneyError, match="fewer finds 1 other"):
        check_equal(folder, (SQL, "fewer"))


def test_an_engine_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="scan did not finish on nowhere"):
        measure(SCAN, tmp_path / "nowhere", SQL_FOLDER, tmp_path)


def test_copies_of_a_shop_hold_everything_so_many_times(store: Path, tmp_path: Path) -> None:
    copy_shop(store, tmp_path / "three", 3)
    assert events_of(tmp_path / "three") == 3 * events_of(store)
    one, three = (
        build_warehouse(each, tmp_path / f"{each.name}.duckdb", SQL_FOLDER, features=False)
        for each in (store, tmp_path / "three")
    )
    assert (three.sessions, three.orders, three.customers) == (
        3 * one.sessions,
        3 * one.orders,
        3 * one.customers,
    )
    assert three.revenue == pytest.approx(3 * one.revenue)
    with connect(tmp_path / "three.duckdb") as warehouse:
        assert warehouse.execute(
            "select count(*) - count(distinct event_id) from staging.events"
        ).fetchone() == (0,)


def test_the_plain_way_gives_the_same_rows(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "REPEATS", 1)
    found = plain.written_plainly(store, SQL_FOLDER)
    assert {each["model"] for each in found} == {way.model for way in plain.WAYS}
    rows = {each["model"]: each["rows"] for each in found}
    assert rows["staging.repeated_events"] > 2
    assert rows["marts.sessions"] == rows["staging.session_starts"] > 4


def test_a_plain_way_with_other_rows_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = plain.Plain("marts.sessions", "", "", (("max(discount_pct)", "min(discount_pct) - 1"),))
    monkeypatch.setattr(plain, "WAYS", (wrong,))
    with pytest.raises(JourneyError, match=r"marts\.sessions in the plain way gives other rows"):
        plain.written_plainly(store, SQL_FOLDER)


def test_a_passage_that_is_gone_is_named() -> None:
    model = next(each for each in all_models(SQL_FOLDER) if each.name == "marts.sessions")
    with pytest.raises(JourneyError, match=r"sessions\.sql: 'no such words' must stand there once"):
        plain.plain_model(model, plain.Plain("marts.sessions", "", "", (("no such words", ""),)))


def test_growth_is_the_exponent_between_the_two_largest_sizes() -> None:
    runs = [
        {"engine": "a", "events": events, "processor": seconds}
        for events, seconds in ((100, 7.0), (10_000, 1000.0), (1000, 10.0))
    ]
    assert growth(runs) == {"a": 2.0}


def test_a_missing_library_is_named() -> None:
    with pytest.raises(JourneyError, match=r"needs no_such_library, .*; run `pip install '\.\[bench\]'"):
        needs(("json", "no_such_library"))


def test_the_kept_run_is_whole() -> None:
    kept = json.loads((project().evidence / "event_scaling.json").read_text(encoding="utf-8"))["results"]
    runs = pd.DataFrame(kept["runs"])
    sizes = runs.groupby("events")["engine"].agg(set)
    missing = {(each["engine"], each["events"]) for each in kept["missing"]}
    assert len(sizes) == (2 if kept["left_out"] else len(study.USERS) + 1)
    for events, engines in sizes.items():
        expected = {SCAN, POLARS, PANDAS, MEMORY, SQL, SESSIONS, SAME} - {
            e for e, size in missing if size == events
        }
        assert engines == expected
    assert (runs.groupby("events")["sessions"].nunique() == 1).all()
    assert set(kept["growth"]) >= {SQL, SESSIONS, SCAN}
    assert {each["model"] for each in kept["written"]} == {way.model for way in plain.WAYS}
