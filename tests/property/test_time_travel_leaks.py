"""The time-travel test notices leaks: each of these small, plausible mistakes in the SQL is caught by it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.features_shops import KEY, Event, Shop, features_of, known_at, sessions_of, warehouse

from journey.paths import project

START = datetime(2025, 3, 1)
STEPS = ("view", "view", "view", "search", "add_to_cart", "checkout", "purchase", "view")
EARLIER = "rows between unbounded preceding and 1 preceding"
AND_THIS = "rows between unbounded preceding and current row"

#: what goes wrong -> file, text, and what a careless hand would write instead
MISTAKES = {
    "the session counts among the sessions before it": ("features_frequency", EARLIER, AND_THIS),
    "the end of the session itself is the last visit": ("features_recency", EARLIER, AND_THIS),
    "the conversion rate of the user includes the session": ("features_intent", EARLIER, AND_THIS),
    "a window of days reaches past the session": (
        "features_intent",
        "range between 604_800_000_000 preceding and 1 preceding",
        "range between 604_800_000_000 preceding and 604_800_000_000 following",
    ),
    "the whole session is so far": (
        "features_progress",
        ("events.moment <= sessions.third_moment", "where events.moment <= sessions.last_moment"),
        ("sessions.third_moment is not null", "where true"),
    ),
    "the day of the decision counts for the item": (
        "features_item",
        "interval 1 day preceding",
        "interval 0 day preceding",
    ),
    "prices of the category are those of all time": (
        "features_category_days",
        "rows between unbounded preceding and 1 preceding",
        "rows between unbounded preceding and unbounded following",
    ),
    "the item in focus is the last of the session": ("features_focus", EARLIER, AND_THIS),
    "the coupon is the best of the session": (
        "decision_points",
        "coalesce(first_events.discount_pct, 0) as discount_pct",
        "sessions.discount_pct",
    ),
    "an offer counts before it was made": (
        "features_session",
        "offers.shown_at <= known.decided_at",
        "offers.shown_at is not null",
    ),
    "the session itself is a meeting with the item": (
        "features_user_item",
        "and running.session_id < revisits.session_id",
        "and running.session_id <= revisits.session_id",
    ),
    "sessions that buy at once are dropped": (
        "decision_points",
        "where third_moment < purchase_moment or (third_moment is not null and purchase_moment is null)",
        "where third_moment is not null and purchase_moment is null",
    ),
}


def shop(seed: int) -> Shop:
    """Five users with six sessions each, some of the same day, close enough to share items and days."""
    rng = np.random.default_rng(seed)
    rows: list[Event] = []
    for user in range(1, 6):
        moment = START + timedelta(minutes=int(rng.integers(0, 1440)))
        for _ in range(6):
            for step in rng.choice(STEPS, size=int(rng.integers(2, 8))):
                price = float(np.round(rng.lognormal(3, 0.5), 2))
                event = Event(len(rows) + 1, moment, user, discount_pct=float(rng.choice((0.0, 10.0))))
                rows.append(event.typed(str(step), int(rng.integers(1, 5)), price))
                moment += timedelta(seconds=int(rng.integers(1, 900)))
            moment += timedelta(minutes=int(rng.choice((40, 600, 4000))))
    return Shop(
        tuple(rows),
        {item: (("books", "toys")[item % 2], 4.0) for item in range(1, 5)},
        dict.fromkeys(range(1, 6), (START, "DE", "25-34")),
        tuple((user, "free_shipping", "treatment", START + timedelta(days=3)) for user in range(1, 6)),
    )


def differences(sql: Path | None, connection: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    """For one decision after another, what differs when the future is gone; "gone": the decision itself."""
    for seed in range(4):
        whole = shop(seed)
        before = features_of(warehouse(whole, sql, connection))
        sessions = sessions_of(whole.events)
        for number in np.random.default_rng(seed).permutation(len(sessions))[:6]:
            session = sessions[number]
            for decision, place in (("after_3_events", 3), ("session_start", 0)):
                key = (session[0].user_id, pd.Timestamp(session[0].ts), decision)
                known = known_at(whole, session, place) if len(session) >= place else []
                if not known or _bought(session[:place]):
                    continue
                at = session[max(place, 1) - 1].ts
                now = features_of(warehouse(whole.with_events(known).seen_until(at), sql, connection))
                if key not in before.index or key not in now.index:
                    yield ["gone"]
                    continue
                pair = before.loc[key], now.loc[key]
                yield [name for name in before.columns if pair[0][name] != pair[1][name]]


def _bought(events: list[Event]) -> bool:
    return any(event.event_type == "purchase" for event in events)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_leak_is_caught(tmp_path: Path, database: duckdb.DuckDBPyConnection, mistake: str) -> None:
    name, old, new = MISTAKES[mistake]
    shutil.copytree(project().sql / "marts", tmp_path / "marts")
    file = tmp_path / "marts" / f"{name}.sql"
    text = file.read_text(encoding="utf-8")
    pairs = [(old, new)] if isinstance(old, str) else zip(old, new, strict=True)
    for wanted, careless in pairs:
        assert wanted in text, f"{name}.sql does not say {wanted!r} any more"
        text = text.replace(wanted, careless)
    file.write_text(text, encoding="utf-8")
    caught = next((columns for columns in differences(tmp_path, database) if columns), None)
    assert caught, f"nothing noticed that {mistake}"


def test_without_a_leak_nothing_is_caught(database: duckdb.DuckDBPyConnection) -> None:
    found = list(differences(None, database))
    assert len(found) > 25
    assert not [columns for columns in found if columns]


def test_the_check_sees_an_altered_past(database: duckdb.DuckDBPyConnection) -> None:
    """The comparison is not blind: another past gives other features."""
    whole = shop(0)
    before = features_of(warehouse(whole, None, database))
    altered = [
        replace(event, ts=event.ts - timedelta(days=2)) for event in whole.events if event.user_id == 1
    ]
    others = [event for event in whole.events if event.user_id != 1]
    now = features_of(warehouse(whole.with_events([*altered, *others]), None, database))
    shared = before.index.intersection(now.index)
    assert {key[KEY.index("user_id")] for key in shared} == {2, 3, 4, 5}
    assert not before.loc[shared].equals(now.loc[shared])
