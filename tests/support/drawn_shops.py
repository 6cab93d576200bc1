"""Hand-made shops drawn at random, on the edges of days, sessions and windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from support.features_shops import Event, Shop

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
ITEMS = {1: ("books", 4.5), 2: ("books", None), 3: ("toys", 1.0), 4: ("home", 5.0)}
UNLISTED = 5


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
                rows.append(drawn(draw, event))
                moment += draw(st.sampled_from(WITHIN))
            moment = rows[-1].ts + draw(st.sampled_from(BETWEEN))
    numbers = draw(st.permutations(range(1, len(rows) + 1)))
    rows = [replace(row, event_id=number) for row, number in zip(rows, numbers, strict=True)]
    users = {
        user: (draw(st.sampled_from((None, EVENING - DAY, MIDNIGHT + DAY))), "DE", "25-34") for user in (1, 2)
    }
    exposures = [(1, "free_shipping", "treatment", MIDNIGHT), (2, "free_shipping", "control", MIDNIGHT)]
    return Shop(tuple(rows), ITEMS, users | {3: (None, "FR", "unknown")}, tuple(exposures))


def drawn(draw: st.DrawFn, event: Event) -> Event:
    """The event with another type, item and price."""
    item = draw(st.sampled_from((*ITEMS, UNLISTED)))
    return event.typed(draw(st.sampled_from(KINDS)), item, draw(st.sampled_from(PRICES)))
