"""Small hand-made stores in the canonical layout, for tests of the warehouse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TIMESTAMP = pa.timestamp("us")
NOON = datetime(2025, 3, 10, 12, 0)
ON_ITEM = ("view", "add_to_cart", "remove_from_cart", "purchase")


@dataclass(frozen=True)
class Row:
    """One raw event row; `received_ts` is 2 seconds after `ts` unless given."""

    event_id: int
    ts: datetime
    user_id: int | None = 1
    event_type: str = "view"
    item_id: int | None = 1
    quantity: int = 1
    unit_price: float | None = 10.0
    discount_pct: float = 0.0
    device: str = "mobile"
    channel: str = "direct"
    received_ts: datetime | None = None

    @property
    def received(self) -> datetime:
        return self.received_ts or self.ts + timedelta(seconds=2)

    def again(self, seconds: float, event_id: int | None = None) -> Row:
        """The same row, received once more so many seconds later."""
        return replace(
            self,
            event_id=self.event_id if event_id is None else event_id,
            received_ts=self.received + timedelta(seconds=seconds),
        )


def event(event_id: int, minutes: float = 0.0, event_type: str = "view", **values: object) -> Row:
    """A row so many minutes after noon, with what its type leaves empty left empty."""
    row = Row(event_id=event_id, ts=NOON + timedelta(minutes=minutes), event_type=event_type)
    if event_type not in ON_ITEM:
        row = replace(row, item_id=None, unit_price=None)
    return replace(row, **values)  # type: ignore[arg-type]


def bot_run(first_id: int, user_id: int, length: int, gap_s: float, start: datetime = NOON) -> list[Row]:
    """Views one after the other at a steady pace."""
    return [
        Row(first_id + i, start + timedelta(seconds=gap_s * i), user_id, item_id=1 + i % 7)
        for i in range(length)
    ]


#: two customers, one order of two lines, a robot, a lost user, a row sent twice, a sign flipped
SMALL_SHOP = [
    event(1, 0, "search"),
    event(2, 1, channel="email"),
    event(3, 2, "add_to_cart"),
    event(4, 3, "checkout"),
    event(5, 4, "purchase", quantity=-2, unit_price=12.5, discount_pct=10.0),
    event(6, 4, "purchase", item_id=2, unit_price=3.0),
    event(7, 60, user_id=2),
    event(8, 61, user_id=None),
    event(9, 1500, user_id=2, device="desktop"),
    event(10, 1501, "add_to_cart", user_id=2, device="desktop"),
    event(6, 4, "purchase", item_id=2, unit_price=3.0).again(30, event_id=11),
    *bot_run(100, user_id=3, length=60, gap_s=1.0),
]


def write_store(
    folder: Path,
    rows: Sequence[Row],
    *,
    text_from: date | None = None,
    users: Sequence[int] | None = None,
    exposures: Sequence[tuple[int, str, str]] = (),
    prices: bool = True,
) -> Path:
    """Write rows as a store.

    Parameters
    ----------
    folder
        Made by this function.
    rows
        Raw event rows; the partition is the day of receipt.
    text_from
        From this day of receipt on the column unit_price is text.
    users
        Registered users; all that occur in the rows when omitted.
    exposures
        (user, experiment, variant).
    prices
        False: a store that records no price.
    """
    folder.mkdir(parents=True)
    seen = sorted({row.user_id for row in rows if row.user_id is not None})
    _write_users(folder, seen if users is None else users)
    items = sorted({row.item_id for row in rows if row.item_id is not None})
    _write_items(folder, items)
    _write_exposures(folder, exposures)
    for day in sorted({row.received.date() for row in rows}):
        partition = [row for row in rows if row.received.date() == day]
        as_text = text_from is not None and day >= text_from
        path = folder / "events" / f"day={day.isoformat()}" / "events.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(_events(partition, as_text, prices), path)
    (folder / "manifest.json").write_text(json.dumps({"store": folder.name}), encoding="utf-8")
    return folder


def _events(rows: Sequence[Row], as_text: bool, prices: bool) -> pa.Table:
    price: list[float | None] = [row.unit_price if prices else None for row in rows]
    text = [None if value is None else f"EUR {value:.2f}" for value in price]
    return pa.table(
        {
            "event_id": pa.array([row.event_id for row in rows], pa.int64()),
            "ts": pa.array([row.ts for row in rows], TIMESTAMP),
            "received_ts": pa.array([row.received for row in rows], TIMESTAMP),
            "user_id": pa.array([row.user_id for row in rows], pa.int64()),
            "event_type": pa.array([row.event_type for row in rows], pa.string()),
            "item_id": pa.array([row.item_id for row in rows], pa.int64()),
            "device": pa.array([row.device for row in rows], pa.string()),
            "channel": pa.array([row.channel for row in rows], pa.string()),
            "quantity": pa.array([row.quantity for row in rows], pa.int64()),
            "unit_price": pa.array(text, pa.string()) if as_text else pa.array(price, pa.float64()),
            "discount_pct": pa.array([row.discount_pct for row in rows], pa.float64()),
        }
    )


def _write_users(folder: Path, users: Sequence[int]) -> None:
    number = len(users)
    table = pa.table(
        {
            "user_id": pa.array(users, pa.int64()),
            "signup_ts": pa.array([NOON - timedelta(days=30)] * number, TIMESTAMP),
            "country": pa.array(["DE"] * number, pa.string()),
            "age_band": pa.array(["25-34"] * number, pa.string()),
            "device_preference": pa.array(["mobile"] * number, pa.string()),
            "acquisition_channel": pa.array(["direct"] * number, pa.string()),
        }
    )
    pq.write_table(table, folder / "users.parquet")


def _write_items(folder: Path, items: Sequence[int]) -> None:
    number = len(items)
    table = pa.table(
        {
            "item_id": pa.array(items, pa.int64()),
            "category": pa.array([f"category {item % 3}" for item in items], pa.string()),
            "brand": pa.array(["brand"] * number, pa.string()),
            "price": pa.array([10.0] * number, pa.float64()),
            "rating": pa.array([4.0] * number, pa.float64()),
        }
    )
    pq.write_table(table, folder / "items.parquet")


def _write_exposures(folder: Path, exposures: Sequence[tuple[int, str, str]]) -> None:
    table = pa.table(
        {
            "user_id": pa.array([user for user, _, _ in exposures], pa.int64()),
            "experiment": pa.array([name for _, name, _ in exposures], pa.string()),
            "variant": pa.array([variant for _, _, variant in exposures], pa.string()),
            "ts": pa.array([NOON] * len(exposures), TIMESTAMP),
        }
    )
    pq.write_table(table, folder / "exposures.parquet")
