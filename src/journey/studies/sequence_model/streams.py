"""What each user did, as one stream of tokens: a session's start, then its events, session after session.

A decision is a place in such a stream. What lies before it, and at it, is what the shop knew then: the order
is that of the features (time, then event_id), and a decision knows as many events as `marts.decision_points`
says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.features import FeatureFrame
from journey.inference.arrays import Ints, Singles

OPENING = "opening"
KINDS = (OPENING, "view", "search", "add_to_cart", "remove_from_cart", "checkout", "purchase")
#: What the shop knows when a session starts besides the events, by the names of the features.
CONTEXT = ("hour", "weekday", "account_age_days", "age_from", "coupon_pct", "free_shipping_shown")
#: Numbers of a token: gap, price, then the context of a start with hour and weekday as circles.
NUMBERS = 10
YEAR_S, SECOND_US = 365 * 86_400.0, 1_000_000


@dataclass(frozen=True)
class Streams:
    """Tokens in order of user and time; (tokens,) arrays but for the numbers.

    Attributes
    ----------
    user, session
        Keys of the user and of the session.
    at
        Moment, microseconds since 1970; a start has that of its first event.
    kind
        Place in `KINDS`.
    item
        Place of the item in the shop plus one; 0 without an item.
    device, channel
        Numbers from 0 in order of name; those of a start are its first event's.
    numbers
        (tokens, NUMBERS) scaled to about one: log seconds since the token before, log price, and at the start
        of a session what else the shop knows. Zero where there is none.
    """

    user: Ints
    session: Ints
    at: Ints
    kind: Ints
    item: Ints
    device: Ints
    channel: Ints
    numbers: Singles

    def __len__(self) -> int:
        return len(self.user)

    def openings(self) -> tuple[Ints, Ints]:
        """Sessions in increasing order of their key, and the token each starts with; (sessions,) each."""
        token = np.flatnonzero(self.kind == 0)
        order = np.argsort(self.session[token])
        return self.session[token][order], token[order]

    def of_users(self, low: int, high: int) -> Streams:
        """The tokens of the users with `low` < user_id <= `high`."""
        rows = slice(*(int(np.searchsorted(self.user, end, side="right")) for end in (low, high)))
        return Streams(**{name: values[rows] for name, values in vars(self).items()})


def read_events(connection: duckdb.DuckDBPyConnection) -> dict[str, NDArray[np.generic]]:
    """Clean events in order of user, time and event_id; (events,) arrays by column."""
    found = connection.execute(
        """
        select
            user_id,
            session_id,
            epoch_us(ts) as at,
            event_type,
            coalesce(item_id, -1) as item_id,
            coalesce(device, '') as device,
            coalesce(channel, '') as channel,
            if(unit_price > 0, ln(unit_price), 0) as log_price,
        from staging.events
        order by user_id, ts, event_id
        """
    ).fetchnumpy()
    return {name: np.ma.filled(np.ma.asarray(values), 0) for name, values in found.items()}


def as_streams(events: Mapping[str, NDArray[np.generic]], item_id: Ints, starts: FeatureFrame) -> Streams:
    """Put a start before the first event of each session.

    Parameters
    ----------
    events
        (events,) arrays as `read_events` gives them; the events of a session stand together.
    item_id
        (items,) keys of the shop's items, increasing.
    starts
        Features at the start of every session that has events, with those of `CONTEXT` among them.

    Raises
    ------
    JourneyError
        For an event of an unknown kind or item, or a session without features.
    """
    session = np.asarray(events["session_id"], dtype=np.int64)
    number = len(session)
    first = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    # An event moves back by the starts before it, its own session's among them.
    moved = np.arange(number) + np.cumsum(np.r_[True, session[1:] != session[:-1]])
    opening = first + np.arange(len(first))
    source = np.empty(number + len(first), dtype=np.int64)
    source[moved], source[opening] = np.arange(number), first

    user = np.asarray(events["user_id"], dtype=np.int64)[source]
    at = np.asarray(events["at"], dtype=np.int64)[source]
    kind, item = coded_kinds(events["event_type"])[source], coded_items(events["item_id"], item_id)[source]
    kind[opening], item[opening] = 0, 0
    numbers = np.zeros((len(source), NUMBERS), dtype=np.float32)
    gap = np.diff(at, prepend=at[:1]) / SECOND_US
    gap[np.r_[True, user[1:] != user[:-1]]] = YEAR_S
    numbers[:, 0] = np.log1p(np.clip(gap, 0.0, YEAR_S)) / 10
    numbers[:, 1] = np.asarray(events["log_price"], dtype=np.float64)[source] / 5
    numbers[opening, 1] = 0.0
    numbers[opening, 2:] = context_numbers(starts, session[first])
    codes = {
        name: np.unique(np.asarray(events[name]).astype(str), return_inverse=True)[1].astype(np.int64)[source]
        for name in ("device", "channel")
    }
    return Streams(user, session[source], at, kind, item, **codes, numbers=numbers)


def coded_kinds(event_type: NDArray[np.generic]) -> Ints:
    """Place of each event's type in `KINDS`.

    Raises
    ------
    JourneyError
        For a type that the streams do not know.
    """
    names, code = np.unique(np.asarray(event_type).astype(str), return_inverse=True)
    if unknown := sorted(set(names) - set(KINDS[1:])):
        raise JourneyError(
            f"{len(unknown)} kinds of event are unknown to the streams, such as {unknown[0]!r}"
        )
    return np.array([KINDS.index(name) for name in names], dtype=np.int64)[code]


def coded_items(item: NDArray[np.generic], item_id: Ints) -> Ints:
    """Place of each event's item plus one, 0 without an item (-1).

    Raises
    ------
    JourneyError
        When an event is of an item that `item_id` does not hold.
    """
    wanted = np.asarray(item, dtype=np.int64)
    place = np.minimum(np.searchsorted(item_id, wanted), len(item_id) - 1)
    known = item_id[place] == wanted
    if lost := int((~known & (wanted >= 0)).sum()):
        raise JourneyError(f"{lost:,} of {len(wanted):,} events are of items that the shop does not have")
    return np.where(known, place + 1, 0)


def context_numbers(starts: FeatureFrame, session: Ints) -> Singles:
    """What is known of some sessions at their start, scaled; (sessions, NUMBERS - 2).

    Raises
    ------
    JourneyError
        When a session has no features at its start.
    """
    order = np.argsort(starts.session_id)
    place = np.minimum(np.searchsorted(starts.session_id[order], session), len(order) - 1)
    rows = order[place]
    if lost := int((starts.session_id[rows] != session).sum()):
        raise JourneyError(f"{lost:,} of {len(session):,} sessions have no features at their start")
    hour, weekday, age, years, coupon, shipping = starts.select(CONTEXT).matrix[rows].T
    day, week = 2 * np.pi * hour / 24, 2 * np.pi * weekday / 7
    columns = (np.sin(day), np.cos(day), np.sin(week), np.cos(week))
    told = (np.log1p(np.maximum(age, 0)) / 5, years / 50, coupon / 20, shipping)
    return np.column_stack([*columns, *told]).astype(np.float32)


def decision_tokens(
    connection: duckdb.DuckDBPyConnection, streams: Streams, decision: str, frame: FeatureFrame
) -> Ints:
    """The last token that each decision knows; (n,) for the n rows of a frame.

    Parameters
    ----------
    streams
        All tokens of the sessions of the frame.
    decision
        `session_start`, `after_3_events` or `first_cart`.
    frame
        Decisions of that kind; the tokens are in their order.

    Raises
    ------
    JourneyError
        When a decision is unknown, or its session has fewer events than the decision knows.
    """
    found = connection.execute(
        "select decision_id, position from marts.decision_points where decision = ? order by decision_id",
        [decision],
    ).fetchnumpy()
    known = np.asarray(found["decision_id"], dtype=np.int64)
    row = np.minimum(np.searchsorted(known, frame.decision_id), max(0, len(known) - 1))
    session, opening = streams.openings()
    place = np.minimum(np.searchsorted(session, frame.session_id), max(0, len(session) - 1))
    token = opening[place] + np.asarray(found["position"], dtype=np.int64)[row]
    inside = token < len(streams)
    right = inside & (streams.session[np.where(inside, token, 0)] == frame.session_id)
    if wrong := int((~right | (known[row] != frame.decision_id)).sum()):
        raise JourneyError(
            f"{wrong:,} of {len(frame):,} decisions {decision} have no place among the events; "
            f"run `journey build warehouse`"
        )
    return token
