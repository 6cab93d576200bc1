"""Small hand-made shops at the level of clean staging tables, and the features that the SQL makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from journey.features import FEATURES
from journey.paths import project
from journey.warehouse.build import FEATURES as MODELS
from journey.warehouse.models import Model, in_order, read_models, run_model

KEY = ["user_id", "session_start", "decision"]
NAMES = [feature.name for feature in FEATURES]
HALF_HOUR = timedelta(minutes=30)
#: what a decision holds besides features and names
KNOWN = ["decided_at", "position", "discount_pct", "device", "channel", "country", "is_new_user"]
WITHOUT_ITEM = ("search", "checkout")


@dataclass(frozen=True)
class Event:
    """One row of staging.events, before sessions are numbered."""

    event_id: int
    ts: datetime
    user_id: int = 1
    event_type: str = "view"
    item_id: int | None = 1
    device: str | None = "mobile"
    channel: str | None = "direct"
    quantity: int = 1
    unit_price: float | None = 10.0
    discount_pct: float | None = 0.0

    @property
    def order(self) -> tuple[datetime, int]:
        """What settles the order of events."""
        return self.ts, self.event_id

    def typed(self, event_type: str, item_id: int | None = 1, price: float | None = 10.0) -> Event:
        """The event with another type, item and price; a search and a checkout have no item."""
        if event_type in WITHOUT_ITEM:
            item_id, price = None, None
        return replace(self, event_type=event_type, item_id=item_id, unit_price=price)


@dataclass(frozen=True)
class Shop:
    """Clean tables of a shop.

    `items` maps the item to its category and rating, `users` the user to sign-up, country and age band;
    `exposures` are (user, experiment, variant, moment).
    """

    events: tuple[Event, ...]
    items: dict[int, tuple[str, float | None]]
    users: dict[int, tuple[datetime | None, str, str]]
    exposures: tuple[tuple[int, str, str, datetime], ...] = ()

    def with_events(self, events: Sequence[Event]) -> Shop:
        """The same shop with other events."""
        return replace(self, events=tuple(events))

    def seen_until(self, moment: datetime) -> Shop:
        """The same shop without the exposures after a moment."""
        return replace(self, exposures=tuple(row for row in self.exposures if row[3] <= moment))


def sessions_of(events: Sequence[Event]) -> list[list[Event]]:
    """Events in order, in sessions, which are in the order of user and start."""
    found: list[list[Event]] = []
    for event in sorted(events, key=lambda event: (event.user_id, *event.order)):
        last = found[-1][-1] if found else None
        if last is None or last.user_id != event.user_id or event.ts > last.ts + HALF_HOUR:
            found.append([])
        found[-1].append(event)
    return found


def feature_models(sql: Path | None = None) -> list[Model]:
    """Models of the decision points and features, each after what it reads."""
    folder = (sql or project().sql) / "marts"
    return in_order(model for model in read_models(folder) if model.path.name.startswith(MODELS))


def build_features(connection: duckdb.DuckDBPyConnection, sql: Path | None = None) -> list[str]:
    """Run only the SQL that makes decision points and features; the tables, in the order they were made."""
    models = feature_models(sql)
    for model in models:
        run_model(connection, model)
    return [model.name for model in models]


def warehouse(
    shop: Shop, sql: Path | None = None, connection: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyConnection:
    """A database with the shop's staging tables, sessions and features; an open one is emptied and reused."""
    connection = connection or duckdb.connect(config={"threads": 1})
    connection.execute("drop schema if exists marts cascade; drop schema if exists staging cascade")
    connection.execute("create schema staging; create schema marts")
    for name, table in _tables(shop).items():
        connection.register("rows", table)
        connection.execute(f"create table staging.{name} as select * from rows")
        connection.unregister("rows")
    for mart in ("recorded", "sessions"):
        connection.execute((project().sql / "marts" / f"{mart}.sql").read_text(encoding="utf-8"))
    build_features(connection, sql)
    return connection


def features_of(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """All features and what else a decision knows, by user, session start and decision."""
    points = ", ".join(f"decision_points.{name}" for name in [*KEY, *KNOWN])
    features = ", ".join(f"features_all.{name}" for name in NAMES)
    sql = f"""
        select {points}, {features}
        from marts.decision_points join marts.features_all using (decision_id)
        order by all
    """
    # A column of nothing but nulls would have another type.
    text = dict.fromkeys(("device", "channel", "country"), "string")
    return connection.execute(sql).df().astype(text).set_index(KEY)


def _tables(shop: Shop) -> dict[str, pa.Table]:
    numbered = [(n, place, e) for n, s in enumerate(sessions_of(shop.events), 1) for place, e in enumerate(s)]
    starts = {n: event.ts for n, place, event in numbered if place == 0}
    events = [event for _, _, event in numbered]
    stamp, whole, text, number = pa.timestamp("us"), pa.int64(), pa.string(), pa.float64()
    return {
        "events": pa.table(
            {
                "event_id": pa.array([e.event_id for e in events], whole),
                "ts": pa.array([e.ts for e in events], stamp),
                "user_id": pa.array([e.user_id for e in events], whole),
                "event_type": pa.array([e.event_type for e in events], text),
                "item_id": pa.array([e.item_id for e in events], whole),
                "device": pa.array([e.device for e in events], text),
                "channel": pa.array([e.channel for e in events], text),
                "quantity": pa.array([e.quantity for e in events], whole),
                "unit_price": pa.array([e.unit_price for e in events], number),
                "discount_pct": pa.array([e.discount_pct for e in events], number),
                "session_id": pa.array([n for n, _, _ in numbered], whole),
                "is_session_start": pa.array([e.ts == starts[n] for n, _, e in numbered], pa.bool_()),
            }
        ),
        "items": pa.table(
            {
                "item_id": pa.array(list(shop.items), whole),
                "category": pa.array([category for category, _ in shop.items.values()], text),
                "rating": pa.array([rating for _, rating in shop.items.values()], number),
            }
        ),
        "users": pa.table(
            {
                "user_id": pa.array(list(shop.users), whole),
                "signup_ts": pa.array([signup for signup, _, _ in shop.users.values()], stamp),
                "country": pa.array([country for _, country, _ in shop.users.values()], text),
                "age_band": pa.array([age for _, _, age in shop.users.values()], text),
            }
        ),
        "exposures": pa.table(
            {
                "user_id": pa.array([user for user, *_ in shop.exposures], whole),
                "experiment": pa.array([name for _, name, _, _ in shop.exposures], text),
                "variant": pa.array([variant for *_, variant, _ in shop.exposures], text),
                "ts": pa.array([moment for *_, moment in shop.exposures], stamp),
            }
        ),
    }


def known_at(shop: Shop, session: list[Event], place: int) -> list[Event]:
    """What a decision after the first `place` events of a session knows: those, and all that came before.

    At session start that is the opening event, of which only time, device, channel and coupon count.
    """
    at = session[max(place, 1) - 1].ts
    others = [event for event in shop.events if event.ts < at and event not in session]
    return [*others, *session[: max(place, 1)]]
