"""Features do not change when what comes after the decision is taken away or altered.

The test starts from clean staging tables. Cleaning itself may look at later rows: a user is found to be a
robot by all of its rows, and a row to be a repetition when it arrives again. That is a limit of the data, not
of the features, and is said on the site.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.features_reference import decisions_of, reference_features
from support.features_shops import (
    KEY,
    NAMES,
    Event,
    Shop,
    features_of,
    known_at,
    sessions_of,
    warehouse,
)

MICROSECOND, SECOND, DAY = timedelta(microseconds=1), timedelta(seconds=1), timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
EVENING, MIDNIGHT = datetime(2025, 3, 9, 23, 50), datetime(2025, 3, 10)
KINDS = ("view", "view", "view", "search", "add_to_cart", "remove_from_cart", "checkout", "purchase")
#: pauses on both sides of every limit that sessions and windows know; the short ones are drawn more often
WITHIN = (timedelta(0), MICROSECOND, 5 * SECOND, timedelta(minutes=9), HALF_HOUR)
BETWEEN = (
    HALF_HOUR + MICROSECOND,
    timedelta(hours=11),
    DAY,
    7 * DAY - MICROSECOND,
    7 * DAY,
    30 * DAY,
    400 * DAY,
)
CHANNELS = ("direct", "email", "organic", "social", "paid_search", "affiliate", "unknown")
PRICES = (None, 0.0, 0.01, 9.99, 12.5, 1234.56)
#: ln and the mean log price of a category are rounded to 6 digits each, and so is the value itself
ROUNDING = 2.5e-6
ITEMS = {1: ("books", 4.5), 2: ("books", None), 3: ("toys", 1.0), 4: ("home", 5.0)}
UNLISTED = 5

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    """Up to four users whose sessions meet each other on the edges of days, sessions and windows."""
    rows: list[Event] = []
    for user in range(1, draw(st.integers(1, 4)) + 1):
        moment = draw(st.sampled_from((EVENING, MIDNIGHT, MIDNIGHT + 12 * timedelta(hours=1))))
        for _ in range(draw(st.integers(1, 5))):
            device = draw(st.sampled_from(("mobile", "desktop", "unknown")))
            channel, coupon = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from((0.0, 10.0, None)))
            for _ in range(draw(st.integers(1, 7))):
                event = Event(0, moment, user, device=device, channel=channel, discount_pct=coupon)
                rows.append(_drawn(draw, event))
                moment += draw(st.sampled_from(WITHIN))
            moment = rows[-1].ts + draw(st.sampled_from(BETWEEN))
    numbers = draw(st.permutations(range(1, len(rows) + 1)))
    rows = [replace(row, event_id=number) for row, number in zip(rows, numbers, strict=True)]
    users = {
        user: (draw(st.sampled_from((None, EVENING - DAY, MIDNIGHT + DAY))), "DE", "25-34") for user in (1, 2)
    }
    exposures = [(1, "free_shipping", "treatment", MIDNIGHT), (2, "free_shipping", "control", MIDNIGHT)]
    return Shop(tuple(rows), ITEMS, users | {3: (None, "FR", "unknown")}, tuple(exposures))


def _drawn(draw: st.DrawFn, event: Event) -> Event:
    item = draw(st.sampled_from((*ITEMS, UNLISTED)))
    return event.typed(draw(st.sampled_from(KINDS)), item, draw(st.sampled_from(PRICES)))


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
            _drawn(draw, event),
            device=draw(st.sampled_from(("desktop", "tablet"))),
            channel=draw(st.sampled_from(("email", "social"))),
            quantity=draw(st.integers(1, 3)),
            discount_pct=20.0,
        )
        future.append(replace(changed, event_id=1000 + changed.event_id))
    for number in range(draw(st.integers(0, 4))):
        pause = draw(st.sampled_from((*WITHIN, *BETWEEN)))
        fresh = Event(2000 + number, at + pause, draw(st.integers(1, 5)), device="mobile", channel="email")
        future.append(_drawn(draw, fresh))
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
        known[-1] = _drawn(data.draw, known[-1])
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
    found = features_of(warehouse(shop, connection=database))
    decisions = decisions_of(shop)
    keys = [(d.opening.user_id, pd.Timestamp(d.start), d.decision) for d in decisions]
    assert sorted(keys) == list(found.index)
    expected = pd.DataFrame(
        [reference_features(shop, d) for d in decisions], index=pd.MultiIndex.from_tuples(keys, names=KEY)
    )
    assert sorted(expected.columns) == sorted(NAMES)
    wrong = (expected.loc[found.index, NAMES].astype(float) - found[NAMES]).abs() > ROUNDING
    assert not wrong.to_numpy().any(), wrong.columns[wrong.any()]
    outcomes = database.execute(
        """select converted, revenue_after, decided_at from marts.decision_points
        order by user_id, session_start, decision"""
    ).fetchall()
    order = sorted(range(len(keys)), key=keys.__getitem__)
    assert [(converted, at) for converted, _, at in outcomes] == [
        (decisions[n].converted, decisions[n].at) for n in order
    ]
    assert [revenue for _, revenue, _ in outcomes] == pytest.approx(
        [decisions[n].revenue_after for n in order], abs=1e-5
    )
