"""Chapter 04's findings: they work for a store without truth, and SQL and Python name the same customers."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.query_shop import build_shop

from journey.customers.rfm import SEGMENTS, History, name_customers
from journey.errors import JourneyError
from journey.findings.desk import Desk
from journey.findings.segments import collect as chapter
from journey.findings.segments.behaviour import FEATURES, WORDS, described
from journey.paths import project
from journey.report.results import load_table
from journey.warehouse.connect import connect
from journey.warehouse.query import query


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    path = tmp_path_factory.mktemp("shop") / "tiny.duckdb"
    build_shop(path)
    return connect(path)


@pytest.fixture(params=["tiny", "simulated"])
def warehouse(request: pytest.FixtureRequest, tiny: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    if request.param == "tiny":
        return tiny
    path = project().warehouse("simulated")
    if not path.is_file():
        pytest.skip(f"{path} has not been built")
    return connect(path)


def test_sql_and_python_name_the_same_customers(warehouse):
    buyers = warehouse.execute(
        "select *, (select max(cast(last_seen as date)) from marts.customers) as last_day"
        " from marts.customers where n_orders > 0"
    ).df()
    days = pd.to_datetime(buyers["last_day"]) - buyers["last_order_ts"].dt.normalize()
    history = History(
        customer=buyers["user_id"].to_numpy(),
        days_since=days.dt.days.to_numpy(),
        orders=buyers["n_orders"].to_numpy(),
        money=buyers["revenue"].to_numpy(),
    )
    mine = pd.Series(name_customers(history)).value_counts()
    theirs = query("rfm_segments", warehouse).set_index("segment")["customers"]
    assert theirs.to_dict() == mine.to_dict()
    assert set(theirs.index) <= set(SEGMENTS)


def test_every_behaviour_has_words_and_is_finite(warehouse):
    assert set(WORDS) == set(FEATURES)
    visitors = query("visitor_behaviour", warehouse)
    values = described(visitors)
    assert values.shape == (len(visitors), len(FEATURES))
    assert np.isfinite(values).all()
    # A store without prices: the column says nothing, and is no reason to fail.
    assert (described(visitors.assign(price_level=None))[:, -1] == 0).all()


def test_a_store_without_truth_has_all_but_the_truth(tiny, tmp_path, monkeypatch):
    paths = project()
    desk = Desk("segments", paths, store="tiny")
    desk.__dict__["warehouse"] = tiny
    monkeypatch.setattr(Desk, "folder", property(lambda self: tmp_path))
    chapter.collect(desk)
    names = {number.id for number in desk.ledger}
    assert {"segments.k", "segments.most_bought", "segments.rule_captures", "segments.top_net"} <= names
    assert not [name for name in names if name.startswith("segments.rand_")]
    assert not (tmp_path / "confusion.parquet").exists()
    shown = pd.read_parquet(tmp_path / "conversion.parquet")
    assert shown["visitors"].sum() == len(query("visitor_behaviour", tiny))


def test_a_log_too_short_for_segments_is_one_sentence(tiny, monkeypatch):
    desk = Desk("segments", project(), store="tiny")
    desk.__dict__["warehouse"] = tiny
    monkeypatch.setattr(chapter, "LEAST_VISITS", 10_000)
    with pytest.raises(JourneyError, match="segments need a longer log"):
        chapter.collect(desk)


def test_segments_are_formed_before_they_are_judged(tiny):
    """Deleting the last third of the days changes no behaviour of the first two."""
    before = query("visitor_behaviour", tiny)
    edges = "select min(session_start)::date, max(session_start)::date from marts.sessions"
    first, last = tiny.execute(edges).fetchone() or (None, None)
    cut = pd.Timestamp(first) + pd.Timedelta(days=int(np.ceil(((last - first).days + 1) * 2 / 3)))
    other = duckdb.connect()
    other.execute("create schema marts; create schema staging")
    sessions = tiny.execute("from marts.sessions").df()
    # One late visit stays, so that the last day, and with it the cut, is the same.
    late = sessions["session_start"] >= cut
    keep = ~late | (sessions["session_start"] == sessions["session_start"].max())
    for name, frame in (
        ("marts.sessions", sessions[keep]),
        ("staging.events", tiny.execute("from staging.events").df()),
        ("staging.items", tiny.execute("from staging.items").df()),
    ):
        other.register("frame", frame)
        other.execute(f"create table {name} as from frame")
        other.unregister("frame")
    after = query("visitor_behaviour", other)
    shared = [column for column in before if not column.startswith("later")]
    pd.testing.assert_frame_equal(before[shared], after[shared])
    assert after["later_visits"].sum() <= 1


def test_saved_tables_are_those_the_page_reads():
    if not (project().results / "segments" / "choice.parquet").is_file():
        pytest.skip("the chapter has not been built")
    for name in (
        "choice",
        "traits",
        "conversion",
        "confusion",
        "by_visits",
        "rfm",
        "top",
        "migration",
        "lines",
    ):
        assert len(load_table(project(), f"segments/{name}"))
