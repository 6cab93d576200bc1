"""Features do not change when what comes after the decision is taken away or altered.

The test starts from clean staging tables. Cleaning itself may look at later rows: a user is found to be a
robot by all of its rows, and a row to be a repetition when it arrives again. That is a limit of the data, not
of the features, and is said on the site.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.drawn_shops import BETWEEN, MICROSECOND, WITHIN, drawn, shops
from support.features_reference import assert_features_agree, expected_features
from support.features_shops import (
    Event,
    Shop,
    features_of,
    known_at,
    sessions_of,
    warehouse,
)

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def after(shop: Shop, known: list[Event], at: datetime, draw: st.DrawFn) -> list[Event]:
    """Another future, all of it later: nothing at all, or unknown events altered or dropped, and new ones."""
    if draw(st.booleans()):
        return []
    told = {event.event_id for event in known}
    future = []
    for event in shop.events:
        if event.event_id in told or not draw(st.booleans()):
            continue
        changed = replace(
            drawn(draw, event),
            device=draw(st.sampled_from(("desktop", "tablet"))),
            channel=draw(st.sampled_from(("email", "social"))),
            quantity=draw(st.integers(1, 3)),
            discount_pct=20.0,
        )
        future.append(replace(changed, event_id=1000 + changed.event_id))
    for number in range(draw(st.integers(0, 4))):
        pause = draw(st.sampled_from((*WITHIN, *BETWEEN)))
        fresh = Event(2000 + number, at + pause, draw(st.integers(1, 5)), device="mobile", channel="email")
        future.append(drawn(draw, fresh))
    return future


@SETTINGS
@given(shop=shops(), data=st.data())
def test_features_do_not_know_the_future(
    database: duckdb.DuckDBPyConnection, shop: Shop, data: st.DataObject
) -> None:
    """With nothing after a decision, or something else, the decision and all before it stay, bit by bit."""
    before = features_of(warehouse(shop, connection=database))
    session = data.draw(st.sampled_from(sessions_of(shop.events)), label="session")
    kinds = [event.event_type for event in session]
    places = {"session_start": 0, "after_3_events": 3}
    places["first_cart"] = kinds.index("add_to_cart") + 1 if "add_to_cart" in kinds else 0
    key = (session[0].user_id, pd.Timestamp(session[0].ts))
    decision = data.draw(st.sampled_from([name for name in places if (*key, name) in before.index]))
    place = places[decision]
    known = known_at(shop, session, place)
    at = session[max(place, 1) - 1].ts
    if place == 0:
        known[-1] = drawn(data.draw, known[-1])
    future = after(shop, known, at, data.draw)
    now = features_of(warehouse(shop.with_events([*known, *future]).seen_until(at), connection=database))
    pd.testing.assert_series_equal(now.loc[(*key, decision)], before.loc[(*key, decision)], check_exact=True)
    same_until(now, before, at - MICROSECOND)


@SETTINGS
@given(shop=shops(), data=st.data())
def test_a_cut_by_the_clock(database: duckdb.DuckDBPyConnection, shop: Shop, data: st.DataObject) -> None:
    """All decisions up to a moment stay, bit by bit, when every event after the moment is another."""
    before = features_of(warehouse(shop, connection=database))
    at = data.draw(st.sampled_from(sorted({event.ts for event in shop.events})), label="cut-off")
    known = [event for event in shop.events if event.ts <= at]
    future = [
        replace(event, ts=max(event.ts, at + MICROSECOND)) for event in after(shop, known, at, data.draw)
    ]
    now = features_of(warehouse(shop.with_events([*known, *future]).seen_until(at), connection=database))
    same_until(now, before, at)


def same_until(now: pd.DataFrame, before: pd.DataFrame, moment: datetime) -> None:
    """The decisions up to a moment are the same ones, and equal bit by bit."""
    tables = [table[table["decided_at"] <= pd.Timestamp(moment)] for table in (now, before)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@SETTINGS
@given(shop=shops())
def test_the_sql_agrees_with_plain_python(database: duckdb.DuckDBPyConnection, shop: Shop) -> None:
    """The features are what the catalogue says, computed from the known events alone."""
    warehouse(shop, connection=database)
    assert_features_agree(expected_features(shop), database)
