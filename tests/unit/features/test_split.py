"""Periods: in order of time, sessions whole, users as they come or kept apart."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.errors import JourneyError
from journey.features import TimeSplit, split_by_time

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2025-01-06T10:00:00", "us")


def daily(days: int = 10, users: int = 4) -> dict[str, np.ndarray]:
    """Every user has one session a day."""
    day, user = np.divmod(np.arange(days * users), users)
    return {"decided_at": FIRST + day * DAY, "session_id": np.arange(days * users), "user_id": user}


def counts(split: TimeSplit) -> tuple[int, int, int]:
    return int(split.train.sum()), int(split.validation.sum()), int(split.test.sum())


def test_shares_are_shares_of_days() -> None:
    split = split_by_time(**daily())
    assert counts(split) == (24, 8, 8)
    assert (split.validation_from, split.test_from) == (date(2025, 1, 12), date(2025, 1, 14))
    assert split.shared_users == 1.0


def test_the_default_shop_of_90_days_has_54_18_and_18() -> None:
    assert counts(split_by_time(**daily(90, 1))) == (54, 18, 18)


def test_cuts_may_be_given() -> None:
    split = split_by_time(**daily(), cuts=(date(2025, 1, 7), date(2025, 1, 9)))
    assert counts(split) == (4, 8, 28)


def test_a_gap_takes_days_from_the_earlier_period() -> None:
    split = split_by_time(**daily(), gap_days=1)
    assert counts(split) == (20, 4, 8)
    assert split.gap_days == 1


def test_a_session_over_midnight_stays_whole() -> None:
    data = daily()
    late = data["decided_at"].copy()
    late[data["session_id"] == 22] = np.datetime64("2025-01-11T23:59:59")
    late[data["session_id"] == 23] = np.datetime64("2025-01-12T00:00:01")
    session = np.where(data["session_id"] == 23, 22, data["session_id"])
    split = split_by_time(late, session, data["user_id"])
    assert split.train[22]
    assert split.train[23]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shares": (0.5, 0.3, 0.3)}, r"shares of train, validation and test are \(0.5, 0.3, 0.3\)"),
        ({"shares": (1.0, 0.0, 0.0)}, "give three above 0"),
        ({"gap_days": -1}, "gap_days is -1; give a whole number"),
        ({"gap_days": 0.5}, "gap_days is 0.5"),
        (
            {"gap_days": 2},
            r"the validation period has none of the 40 decisions from 2025-01-06 to 2025-01-15",
        ),
        ({"cuts": (date(2025, 1, 9), date(2025, 1, 9))}, "put validation before test"),
        ({"cuts": (date(2025, 1, 9), date(2025, 2, 9))}, "the test period has none"),
        ({"cuts": (date(2024, 1, 9), date(2025, 1, 9))}, "the train period has none"),
        ({"user_id": np.zeros(3, np.int64)}, "have 40, 40 and 3 rows"),
        (dict.fromkeys(("decided_at", "session_id", "user_id"), np.array([])), "there are no decisions"),
    ],
)
def test_what_cannot_be_split_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(JourneyError, match=message):
        split_by_time(**(daily() | change))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    hours=st.lists(st.integers(0, 24 * 40), min_size=30, max_size=120),
    gap=st.integers(0, 2),
    seed=st.integers(0, 5),
)
def test_periods_follow_each_other_and_sessions_are_whole(hours: list[int], gap: int, seed: int) -> None:
    moments = FIRST + np.array(hours) * np.timedelta64(1, "h")
    session = np.random.default_rng(seed).integers(0, len(hours) // 2, len(hours))
    try:
        split = split_by_time(moments, session, session % 7, gap_days=gap)
    except JourneyError:
        return
    periods = (split.train, split.validation, split.test)
    assert (sum(mask.astype(int) for mask in periods) <= 1).all()
    if gap == 0:
        assert sum(mask.sum() for mask in periods) == len(hours)
    for number in np.unique(session):
        assert len({tuple(mask[row] for mask in periods) for row in np.flatnonzero(session == number)}) == 1
    starts = [np.array([moments[session == n].min() for n in np.unique(session[mask])]) for mask in periods]
    assert starts[0].max() < starts[1].min()
    assert starts[1].max() < starts[2].min()
    assert starts[1].min().astype("datetime64[D]") - starts[0].max().astype("datetime64[D]") > gap * DAY
