"""What a log holds as the canonical tables: SQL of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from journey.stores.canonical import copy
from journey.stores.imported.rows import CHANNELS, DEVICES
from journey.stores.imported.shopmap import ShopMap
from journey.stores.schema import EVENT_TYPES, ITEM_EVENT_TYPES
from journey.stores.verify import quoted

#: column of the schema -> roles of which one must be mapped, so that it counts as recorded
RECORDED = {
    "users.signup_ts": (),
    "users.country": ("country",),
    "users.age_band": (),
    "users.device_preference": (),
    "users.acquisition_channel": (),
    "items.category": ("category",),
    "items.brand": ("brand",),
    "items.price": ("price", "list_price"),
    "items.rating": (),
    "events.received_ts": ("received",),
    "events.item_id": ("item",),
    "events.device": ("device",),
    "events.channel": ("channel",),
    "events.quantity": ("quantity",),
    "events.unit_price": ("price", "list_price"),
    "events.discount_pct": ("discount",),
}


def not_recorded(mapped: ShopMap, kinds: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns and event types that the log does not have."""
    known = {*mapped.columns} | ({"discount"} if {"price", "list_price"} <= {*mapped.columns} else set())
    columns = tuple(name for name, roles in RECORDED.items() if not known & {*roles})
    return columns, tuple(kind for kind in EVENT_TYPES if not kinds.get(kind))


def make_dictionaries(connection: duckdb.DuckDBPyConnection, folder: Path, text_ids: tuple[str, ...]) -> None:
    """Number the ids that are text, by their first row; the numbers are kept in `ids/`."""
    for role in text_ids:
        connection.execute(
            f"""create or replace table {role}_numbers as
            select {role}_id as text, row_number() over (order by min(rowid)) as number
            from rows where reason is null and {role}_id is not null group by {role}_id"""
        )
        folder.mkdir(exist_ok=True)
        copy(
            connection,
            f"select number, text from {role}_numbers order by number",
            folder / f"{role}s.parquet",
        )


def make_events(connection: duckdb.DuckDBPyConnection, mapped: ShopMap, text_ids: tuple[str, ...]) -> None:
    """Make the view or table `events` in the canonical schema, with what users and items need besides."""
    names = {row[0] for row in connection.execute("describe rows").fetchall()}
    extra = [name for name in ("category_text", "brand_text", "country_text") if name in names]
    parts = []
    for table, place, chosen in (("rows", "rows.rowid", "kind <> 'purchase'"), ("lines", "place", "true")):
        found = {
            "event_id": f"{place} + 1",
            "ts": "ts",
            "received_ts": "coalesce(received, ts)" if "received" in names else "ts",
            "user_id": "user_number.number" if "user" in text_ids else "user_id",
            "event_type": "kind",
            "item_id": _item("item" in text_ids),
            "device": _word("device", names, mapped),
            "channel": _word("channel", names, mapped),
            **_money(names),
            **{name: name for name in extra},
        }
        joins = "".join(
            f" left join {role}_numbers as {role}_number on {role}_id = {role}_number.text"
            for role in text_ids
        )
        columns = ", ".join(f"{sql} as {name}" for name, sql in found.items())
        parts.append(f"select {columns} from {table}{joins} where reason is null and {chosen}")
    kind = "table" if text_ids else "view"
    connection.execute(f"create or replace {kind} events as {' union all '.join(parts)}")


def tables(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """SQL of users and items by the name of the table."""
    names = {row[0] for row in connection.execute("describe events").fetchall()}

    def first(column: str) -> str:
        return (
            f"coalesce(arg_min({column}, event_id) filter (where {column} is not null), 'unknown')"
            if column in names
            else "'unknown'"
        )

    return {
        "users": f"""select user_id, null::timestamp as signup_ts, {first("country_text")} as country,
            'unknown' as age_band, 'unknown' as device_preference, 'unknown' as acquisition_channel
            from events group by user_id order by user_id""",
        "items": f"""select item_id, {first("category_text")} as category, {first("brand_text")} as brand,
            arg_min(unit_price, event_id) filter (where unit_price is not null) as price,
            null::double as rating
            from events where item_id is not null group by item_id order by item_id""",
    }


def canonical(part: str, mapped: ShopMap) -> dict[str, str]:
    """Text in lower case -> canonical device or channel: the usual words, then the map's own."""
    usual = DEVICES if part == "device" else CHANNELS
    words = {word: name for name, listed in usual.items() for word in listed.split(", ")}
    return words | dict(mapped.words.get(part, {}))


def _word(part: str, names: set[str], mapped: ShopMap) -> str:
    if f"{part}_text" not in names:
        return "'unknown'"
    whens = " ".join(
        f"when {quoted(word)} then {quoted(name)}" for word, name in canonical(part, mapped).items()
    )
    return f"case lower({part}_text) {whens} else 'unknown' end"


def _item(text: bool) -> str:
    kinds = ", ".join(quoted(kind) for kind in ITEM_EVENT_TYPES)
    return f"case when kind in ({kinds}) then {'item_number.number' if text else 'item_id'} end"


def _money(names: set[str]) -> dict[str, str]:
    """Quantity, list price and discount in percent; what is bought in parts of a unit counts as one."""
    quantity = "coalesce(quantity, 1)" if "quantity" in names else "1"
    broken = f"({quantity} <> floor({quantity}))"
    price = discount = "null::double"
    if {"price", "list_price"} <= names:
        lower = "list_price > 0 and list_price >= price"
        price = f"coalesce(case when {lower} then list_price end, price, list_price)"
        discount = f"case when {lower} then 100 * (1 - price / list_price) else 0 end"
    elif "price" in names:
        price, discount = "price", "null::double"
        if "discount" in names:
            discount = "least(greatest(coalesce(discount, 0), 0), 100)"
            price = f"case when {discount} < 100 then price / (1 - {discount} / 100) else price end"
    elif "list_price" in names:
        price = "list_price"
        if "discount" in names:
            discount = "least(greatest(coalesce(discount, 0), 0), 100)"
    return {
        "quantity": f"case when {broken} then 1 else least({quantity}, 1000000) end::bigint",
        "unit_price": f"(case when {broken} then {price} * {quantity} else {price} end)::double",
        "discount_pct": f"({discount})::double",
    }
