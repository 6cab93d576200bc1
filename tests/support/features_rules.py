"""What holds in every table of the features besides their values, and a shop in which things happen once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import duckdb
from support.features_shops import Event, Shop

from journey.warehouse.models import Model

MORNING = datetime(2025, 3, 10, 9)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PLACES = ("session_start", "after_3_events", "first_cart")


def assert_as_declared(model: Model, connection: duckdb.DuckDBPyConnection) -> None:
    """Fail where a column is null that the head of its table does not list, or a key is there twice."""
    promised = [name for name in connection.table(model.name).columns if name not in model.head.nulls]
    counts = ", ".join(f"count(*) - count({name})" for name in promised)
    keys = ", ".join(model.head.keys)
    repeats = f"count(*) - count(distinct ({keys}))" if keys else "0"
    found = connection.execute(f"select {counts}, {repeats} from {model.name}").fetchone()
    assert found == (0,) * (len(promised) + 1), f"{model.name}: {found} for {promised} and the key"


def assert_three_a_session(connection: duckdb.DuckDBPyConnection) -> None:
    """Fail where the number of a decision is not three times that of its session and its place."""
    rows = connection.execute(
        "select decision_id, session_id, decision from marts.decision_points"
    ).fetchall()
    assert all(number == 3 * session + PLACES.index(decision) for number, session, decision in rows)


def views_before(shop: Shop) -> dict[date, tuple[int, int]]:
    """Views of products on the 7 and on the 30 days before each day with an event."""
    views = Counter(e.ts.date() for e in shop.events if e.event_type == "view" and e.item_id is not None)
    return {
        day: (
            sum(number for seen, number in views.items() if timedelta(0) < day - seen <= timedelta(days=7)),
            sum(number for seen, number in views.items() if timedelta(0) < day - seen <= timedelta(days=30)),
        )
        for day in {event.ts.date() for event in shop.events}
    }


def assert_views_counted(
    expected: dict[date, tuple[int, int]], connection: duckdb.DuckDBPyConnection
) -> None:
    """Fail where a day does not know the views of the days before it."""
    rows = connection.execute(
        "select day, shop_views_7d, shop_views_30d from marts.features_category_days"
    ).fetchall()
    assert all(expected[day] == (week, month) for day, week, month in rows)


def shop_of_few() -> Shop:
    """One view of a category on one day, two coupons at one moment, an event with the smallest number."""
    first = Event(0, MORNING, discount_pct=None)
    events = (
        first.typed("search"),
        Event(1, MORNING, discount_pct=10.0),
        Event(2, MORNING + MINUTE).typed("add_to_cart"),
        Event(3, MORNING + 2 * MINUTE).typed("checkout"),
        # The day after, the price of the one view is known.
        Event(4, MORNING + DAY, user_id=2, unit_price=20.0),
        Event(5, MORNING + DAY + MINUTE, user_id=2, item_id=2, unit_price=None),
        Event(6, MORNING + DAY + 2 * MINUTE, user_id=2, item_id=2).typed("add_to_cart", 2, 5.0),
        Event(7, MORNING + 2 * DAY, user_id=1, item_id=3, unit_price=1.0),
        Event(8, MORNING + 3 * DAY, user_id=1, item_id=2, unit_price=7.0),
    )
    items: dict[int, tuple[str, float | None]] = {1: ("books", 4.5), 2: ("toys", None), 3: ("home", 5.0)}
    return Shop(events, items, {1: (None, "DE", "25-34"), 2: (MORNING - DAY, "FR", "unknown")})
