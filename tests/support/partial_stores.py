"""Stores that leave something out, or hold one row of a kind: what the marts must not take for granted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support.warehouse_stores import NOON, Row, event, write_store

#: Each store with the few events that it records, in order.
STEPS: dict[str, list[Row]] = {
    "a view": [event(1, discount_pct=None)],
    "a cart": [event(1, 0, "add_to_cart")],
    "no views": [event(1, 0, "add_to_cart"), event(2, 1, "checkout"), event(3, 2, "purchase")],
    "no views or carts": [event(1, 0, "checkout"), event(2, 1, "purchase")],
    "no carts": [event(1), event(2, 1, "checkout"), event(3, 2, "purchase")],
    "no checkouts": [event(1), event(2, 1, "add_to_cart"), event(3, 2, "purchase", unit_price=None)],
}


def partial_stores(folder: Path) -> list[Path]:
    """Write all of them."""
    steps = [write_store(folder / name, rows) for name, rows in STEPS.items()]
    return [*steps, write_store(folder / "half known", half_known()), write_store(folder / "slow", SLOW)]


#: No row is quick, so that nothing says how long one normally takes; of one the clock is wrong.
SLOW = [
    replace(event(1), received_ts=NOON + timedelta(seconds=60, microseconds=1)),
    replace(event(2, 2), received_ts=NOON - timedelta(days=3)),
]


def half_known() -> list[Row]:
    """Orders of which some lines have a price, coupons that are not known, and rows that nearly repeat."""
    unpriced = {"unit_price": None}
    orders = [
        # An order of which one line has a price, one that has none, and one that is known.
        event(1, 0, "purchase"),
        event(2, 0, "purchase", item_id=2, **unpriced),
        event(3, 100, "purchase", **unpriced),
        event(4, 200, "purchase", quantity=2, discount_pct=None),
        event(5, 205, "purchase", item_id=2, discount_pct=10.0),
        # Two lines of one item.
        event(6, 0, "purchase", user_id=2, quantity=3),
        event(7, 0, "purchase", user_id=2, quantity=1),
        # Every step, and one order more in the same session.
        event(8, 0, user_id=3, quantity=0),
        event(9, 1, "add_to_cart", user_id=3),
        event(10, 2, "checkout", user_id=3),
        event(11, 3, "purchase", user_id=3, **unpriced),
        event(12, 4, "purchase", user_id=3),
        # Two events open a session together.
        event(20, 0, user_id=4, channel="social"),
        event(21, 0, "add_to_cart", user_id=4, channel="email"),
        # Who buys nothing.
        event(22, 0, user_id=5),
    ]
    return [*orders, *_near_repeats()]


def _near_repeats() -> list[Row]:
    """Rows that agree in all but one of user, time, type and item, in every order of arrival."""
    rows = []
    for kind in ("purchase", "view"):
        other = {"purchase": "view", "view": "purchase"}[kind]
        first = event(100 + 100 * (kind == "view"), 300, kind, user_id=6 + (kind == "view"))
        rows += [
            first,
            # Another type at the same moment, which arrives before and after it.
            replace(first.again(-1, first.event_id + 1), event_type=other),
            replace(first.again(5, first.event_id + 2), event_type="remove_from_cart"),
            # Another item, another moment, another user.
            replace(first.again(6, first.event_id + 3), item_id=2),
            replace(first.again(7, first.event_id + 4), ts=first.ts + timedelta(seconds=1)),
            replace(first.again(8, first.event_id + 5), user_id=8 + (kind == "view")),
            # The same again: under its own number and under another, at once and later.
            first.again(0),
            first.again(9, first.event_id + 6),
            first.again(9, first.event_id + 6),
            first.again(9, first.event_id + 7),
        ]
    return rows
