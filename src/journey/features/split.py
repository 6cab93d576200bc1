"""Split decisions into train, validation and test periods by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError

PERIODS = ("train", "validation", "test")
Mask = NDArray[np.bool_]
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class TimeSplit:
    """Which decision belongs to which period.

    Attributes
    ----------
    train, validation, test : (n,) masks; no row is in two of them, some are in none when there is a gap.
    validation_from, test_from : first day (UTC) of the validation and of the test period.
    gap_days : days left out before each of them.
    shared_users : share of the users of the test period that also occur in the training period.
    """

    train: Mask
    validation: Mask
    test: Mask
    validation_from: date
    test_from: date
    gap_days: int
    shared_users: float


def split_by_time(
    decided_at: NDArray[np.datetime64],
    session_id: NDArray[np.int64],
    user_id: NDArray[np.int64],
    *,
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2),
    cuts: tuple[date, date] | None = None,
    gap_days: int = 0,
) -> TimeSplit:
    """Train on the earliest days, validate on the next, test on the last.

    A session belongs as a whole to the period of its earliest decision, so it never straddles a cut. Users
    may occur in several periods, as they do when a shop scores the customers it has learned from; the
    share is reported.

    Parameters
    ----------
    decided_at, session_id, user_id
        (n,) moments (UTC) and keys of the decisions, in any order.
    shares
        Shares of the calendar days from the first to the last decision, adding up to 1.
    cuts
        First day of validation and of test, instead of `shares`.
    gap_days
        Days left out at the end of the training and of the validation period: an embargo, so that labels and
        windows of neighbouring periods share less.

    Raises
    ------
    JourneyError
        When the arrays differ in length or are empty, the shares or cuts are impossible, or a period has no
        session.
    """
    n = len(decided_at)
    if not (len(session_id) == len(user_id) == n):
        raise JourneyError(
            f"decided_at, session_id and user_id have {n:,}, {len(session_id):,} and {len(user_id):,} rows; "
            f"give arrays of one length"
        )
    if n == 0:
        raise JourneyError("there are no decisions to split; build the features of a store with sessions")
    if isinstance(gap_days, bool) or gap_days != int(gap_days) or gap_days < 0:
        raise JourneyError(f"gap_days is {gap_days!r}; give a whole number of days from 0 up")

    days = _first_days(decided_at, session_id)
    first, last = days.min(), days.max()
    validation_from, test_from = _cuts(first, last, shares) if cuts is None else _given(cuts)
    gap = int(gap_days) * DAY
    train = days < validation_from - gap
    validation = (days >= validation_from) & (days < test_from - gap)
    test = days >= test_from
    for name, mask in zip(PERIODS, (train, validation, test), strict=True):
        if not mask.any():
            raise JourneyError(
                f"the {name} period has none of the {n:,} decisions from {first} to {last} (validation from "
                f"{validation_from}, test from {test_from}, gap {gap_days} days); choose other cuts"
            )
    tested = np.unique(user_id[test])
    shared = float(np.isin(tested, user_id[train]).mean())
    return TimeSplit(
        train=train,
        validation=validation,
        test=test,
        validation_from=_date(validation_from),
        test_from=_date(test_from),
        gap_days=int(gap_days),
        shared_users=shared,
    )


def _first_days(decided_at: NDArray[np.datetime64], session_id: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Day of the earliest decision of each row's session; (n,) datetime64[D]."""
    sessions, row = np.unique(session_id, return_inverse=True)
    days = decided_at.astype("datetime64[D]")
    earliest = np.full(len(sessions), np.iinfo(np.int64).max)
    np.minimum.at(earliest, row, days.astype(np.int64))
    return earliest[row].astype("datetime64[D]")


def _cuts(
    first: np.datetime64, last: np.datetime64, shares: tuple[float, float, float]
) -> tuple[np.datetime64, np.datetime64]:
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise JourneyError(
            f"shares of train, validation and test are {shares}; give three above 0 that add up to 1"
        )
    days = int((last - first) / DAY) + 1
    return (
        first + round(days * shares[0]) * DAY,
        first + round(days * (shares[0] + shares[1])) * DAY,
    )


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))


def _given(cuts: tuple[date, date]) -> tuple[np.datetime64, np.datetime64]:
    validation_from, test_from = (np.datetime64(cut, "D") for cut in cuts)
    if not validation_from < test_from:
        raise JourneyError(
            f"validation starts on {validation_from} and test on {test_from}; put validation before test"
        )
    return validation_from, test_from
