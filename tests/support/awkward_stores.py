"""Stores at the limits that cleaning and sessions know: drawn at random, and the known traps by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from support.warehouse_stores import ON_ITEM, Row, bot_run, event

MICROSECOND = timedelta(microseconds=1)
HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)
BEFORE_MIDNIGHT, MIDNIGHT = datetime(2025, 3, 9, 23, 50), datetime(2025, 3, 10)
EVENT_TYPES = ("view", "search", "add_to_cart", "remove_from_cart", "checkout", "purchase")

#: pauses on both sides of every limit that sessions know
PAUSES = (
    timedelta(0),
    MICROSECOND,
    timedelta(seconds=4),
    timedelta(minutes=10),
    HALF_HOUR - MICROSECOND,
    HALF_HOUR,
    HALF_HOUR + MICROSECOND,
    timedelta(hours=11),
    timedelta(hours=25),
)
#: received_ts - ts of rows whose clock is believed, on both sides of "late"
WAITS = (
    timedelta(0),
    timedelta(seconds=2),
    timedelta(milliseconds=2500, microseconds=999),
    -timedelta(minutes=10),
    HOUR,
    HOUR + MICROSECOND,
    timedelta(hours=47),
    timedelta(hours=72),
)
#: the same for rows whose clock is wrong
WRONG_CLOCKS = (
    -timedelta(minutes=10) - MICROSECOND,
    -timedelta(days=5),
    timedelta(hours=72) + MICROSECOND,
    timedelta(days=40),
    timedelta(days=20_000),
)
FATES = ("clean", "clean", "mixed", "wrong clock", "lost", "bot", "slow viewer", "bot that buys")


@st.composite
def stores(draw: st.DrawFn) -> tuple[list[Row], dict[str, object]]:
    """Rows of one to four users with every kind of dirt, and how to write them."""
    rows: list[Row] = []
    for user in range(1, draw(st.integers(1, 4)) + 1):
        rows += _user(draw, user, first_id=1000 * user)
    copies: list[Row] = []
    for row in draw(st.lists(st.sampled_from(rows), max_size=4)):
        copy = row
        for _ in range(draw(st.integers(1, 3))):
            renamed = draw(st.booleans())
            # A renamed copy may have a smaller identifier than the row it repeats.
            start = draw(st.sampled_from((10, 90_000)))
            number = start + len(copies) if renamed else None
            copy = copy.again(draw(st.sampled_from((0, 1, 599))), number)
            copies.append(copy)
    options: dict[str, object] = {
        "text_from": draw(st.sampled_from((None, MIDNIGHT.date(), BEFORE_MIDNIGHT.date()))),
        "prices": draw(st.sampled_from((True, True, True, False))),
        "users": draw(st.sampled_from((None, (1, 2, 77)))),
    }
    return draw(st.permutations(rows + copies)), options


def _user(draw: st.DrawFn, user: int, first_id: int) -> list[Row]:
    fate = draw(st.sampled_from(FATES))
    moment = draw(st.sampled_from((BEFORE_MIDNIGHT, MIDNIGHT, MIDNIGHT + 12 * HOUR)))
    rows: list[Row] = []
    if fate in ("bot", "slow viewer", "bot that buys"):
        pace = 10.001 if fate == "slow viewer" else draw(st.sampled_from((0.5, 10.0)))
        rows = bot_run(first_id + 500, user, draw(st.sampled_from((49, 50, 60))), pace, moment)
        if fate == "bot that buys":
            rows.append(replace(rows[-1], event_id=first_id, event_type="purchase"))
        return rows
    for number in range(draw(st.integers(1, 8))):
        moment += draw(st.sampled_from(PAUSES))
        kind = draw(st.sampled_from(EVENT_TYPES))
        on_item = kind in ON_ITEM
        row = Row(
            event_id=first_id + number,
            ts=moment,
            user_id=user,
            event_type=kind,
            item_id=draw(st.integers(1, 3)) if on_item else None,
            quantity=draw(st.integers(1, 3)) if on_item and kind != "view" else 1,
            unit_price=draw(st.sampled_from((0.0, 0.1, 9.99, 1234.5))) if on_item else None,
            discount_pct=draw(st.sampled_from((0.0, 7.5, 10.0, 100.0))),
            device=draw(st.sampled_from(("mobile", "desktop"))),
            channel=draw(st.sampled_from(("direct", "email"))),
        )
        rows.append(_soil(draw, row, fate, number))
    return rows


def _soil(draw: st.DrawFn, row: Row, fate: str, number: int) -> Row:
    lost = fate == "lost" or (fate == "mixed" and draw(st.integers(0, 4)) == 0)
    wrong = fate == "wrong clock" or (fate == "mixed" and draw(st.booleans()))
    if fate != "clean" and row.event_type != "view" and draw(st.booleans()):
        row = replace(row, quantity=-row.quantity)
    if wrong:
        # Two rows never arrive at one moment; else two lines of one item could fall into one order.
        received = row.ts + number * MICROSECOND
        row = replace(row, ts=received - draw(st.sampled_from(WRONG_CLOCKS)), received_ts=received)
    else:
        row = replace(row, received_ts=row.ts + draw(st.sampled_from(WAITS)))
    return replace(row, user_id=None) if lost else row


ONE_EVENT = ([Row(1, MIDNIGHT)], {})
ALL_REMOVED = ([Row(1, MIDNIGHT, user_id=None)], {})
EXACTLY_HALF_AN_HOUR = ([Row(1, MIDNIGHT - HALF_HOUR), Row(2, MIDNIGHT)], {})
ALL_STEPS_AT_ONE_MOMENT = ([event(i, 0, kind) for i, kind in enumerate(EVENT_TYPES)], {})
BOUGHT_BEFORE_CHECKOUT = (
    [event(1), event(2, 1, "add_to_cart"), event(3, 2, "purchase"), event(4, 3, "checkout")],
    {},
)
COPY_WITH_A_SMALLER_NUMBER = ([event(9, device="desktop"), event(9).again(60, event_id=2)], {})
JUST_A_BOT = ([*bot_run(1, 1, 50, 1.0), *bot_run(101, 2, 49, 1.0)], {})
#: two lines of one item in one order; the first is written once more at once, and sent again a minute later
LINE_WRITTEN_AGAIN = (
    [event(line, 0, "purchase").again(wait) for line, wait in ((1, 0), (1, 0), (2, 0), (1, 60))],
    {},
)
