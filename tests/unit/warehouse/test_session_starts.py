"""Sessions start and end where single events say so, though only half hours pass through the window."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from journey.paths import project

STARTS = (project().sql / "staging" / "session_starts.sql").read_text(encoding="utf-8")
MINUTE = pd.Timedelta(minutes=1)


def starts_of(events: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        connection.register("made", events)
        connection.execute(
            "create table staging.events_repaired as select *, null as removal_reason from made"
        )
        connection.execute(STARTS)
        return connection.execute("select * from staging.session_starts order by session_id").df()


def at(*minutes: float, day: str = "2025-03-01 10:00") -> pd.DataFrame:
    times = [pd.Timestamp(day) + minute * MINUTE for minute in minutes]
    return pd.DataFrame({"user_id": 7, "ts": np.array(times, "datetime64[us]")})


@pytest.mark.parametrize(
    ("minutes", "lengths"),
    [
        pytest.param((0, 30, 60), [60], id="gaps of exactly half an hour, each in a half hour of its own"),
        pytest.param((0, 30 + 1e-6), [0, 0], id="a little more than half an hour"),
        pytest.param((29, 31, 62), [2, 0], id="neighbours across the half hour are one session"),
        pytest.param((1, 59), [0, 0], id="neighbouring half hours may be two sessions"),
        pytest.param((0, 1, 29, 59, 89), [89], id="many in one half hour"),
        pytest.param((5,), [0], id="one event"),
    ],
)
@pytest.mark.parametrize("day", ["2025-03-01 10:00", "1970-01-01 00:00", "1969-12-31 23:30"])
def test_gaps_end_sessions(minutes: tuple[float, ...], lengths: list[float], day: str) -> None:
    found = starts_of(at(*minutes, day=day))
    spans = (found["session_end"] - found["session_start"]) / MINUTE
    assert list(spans) == lengths
    assert list(found["session_id"]) == list(range(1, len(lengths) + 1))


def test_events_around_the_year_1970_do_not_share_a_half_hour() -> None:
    assert len(starts_of(at(-29, 29, day="1970-01-01 00:00"))) == 2


def test_random_events_give_the_sessions_of_a_walk_from_event_to_event() -> None:
    rng = np.random.default_rng(5)
    offsets = rng.choice([0, 1, 17, 29, 30, 31, 44, 300], 4000).cumsum() * 60_000_000 + rng.integers(
        0, 2, 4000
    )
    ts = pd.Series(np.datetime64("2025-01-01", "us") + offsets.astype("timedelta64[us]"))
    events = pd.DataFrame({"user_id": rng.integers(1, 3, 4000), "ts": ts})
    walk = events.sort_values(["user_id", "ts"])
    new = walk["user_id"].ne(walk["user_id"].shift()) | (walk["ts"].diff() > 30 * MINUTE)
    expected = walk.groupby(new.cumsum()).agg(
        user_id=("user_id", "first"), session_start=("ts", "first"), session_end=("ts", "last")
    )
    found = starts_of(events.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(
        found.drop(columns="session_id"), expected.reset_index(drop=True), check_dtype=False
    )
