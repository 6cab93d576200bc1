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
    "users.signup_ts": ("user signup",),
    "users.country": ("country", "user country"),
    "users.age_band": ("user age",),
    "users.device_preference": ("user device",),
    "users.acquisition_channel": ("user channel",),
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


CONCERNS_ITEM = f"kind in ({', '.join(quoted(kind) for kind in ITEM_EVENT_TYPES)})"


def not_recorded(mapped: ShopMap, kinds: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns and event types that the log does not have."""
    known = {*mapped.columns} | {f"user {entry}" for entry in mapped.users}
    known |= {"discount"} if {"price", "list_price"} <= known else set()
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
    """Make the view or table `events` in the canonical schema."""
    names = {row[0] for row in connection.execute("describe rows").fetchall()}
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
        }
        joins = "".join(
            f" left join {role}_numbers as {role}_number on {role}_id = {role}_number.text"
            for role in text_ids
        )
        columns = ", ".join(f"{sql} as {name}" for name, sql in found.items())
        parts.append(f"select {columns} from {table}{joins} where reason is null and {chosen}")
    kind = "table" if text_ids else "view"
    connection.execute(f"create or replace temp {kind} events as {' union all '.join(parts)}")


def tables(
    connection: duckdb.DuckDBPyConnection, text_ids: tuple[str, ...], *, told: bool = False
) -> dict[str, str]:
    """SQL of users and items by the name of the table; a table `told` says more of users."""
    names = {row[0] for row in connection.execute("describe rows").fetchall()}

    def each(role: str, firsts: Mapping[str, tuple[str, str]], where: str) -> str:
        """One row a user or item, with the first value of some columns: name -> (column, SQL)."""
        chosen = "".join(
            f", arg_min({sql}, rows.rowid) filter (where {sql} is not null) as {name}"
            if column in names
            else f", null as {name}"
            for name, (column, sql) in firsts.items()
        )
        found = f"(select {role}_id{chosen} from rows where reason is null and {where} group by {role}_id)"
        if role in text_ids:
            numbered = f"{found} join {role}_numbers on {role}_id = text"
            found = f"(select * replace (number as {role}_id) from {numbered})"
        return found

    def known(name: str) -> str:
        """What the file of users tells, else what the log does."""
        sources = [*(["told." + name] if told else []), *(["seen.country"] if name == "country" else [])]
        return f"coalesce({', '.join([*sources, quoted('unknown')])}) as {name}"

    more = ("country", "age_band", "device_preference", "acquisition_channel")
    price = ("price" if "price" in names else "list_price", _money(names)["unit_price"])
    seen = each("user", {"country": ("country_text", "country_text")}, "true")
    texts = {name: (f"{name}_text", f"{name}_text") for name in ("category", "brand")}
    return {
        "users": f"""select user_id, {"told.signup_ts" if told else "null::timestamp"} as signup_ts,
            {", ".join(known(name) for name in more)}
            from {seen} as seen {"left join told using (user_id)" if told else ""} order by user_id""",
        "items": f"""select item_id, coalesce(category, 'unknown') as category,
            coalesce(brand, 'unknown') as brand, price::double as price, null::double as rating
            from {each("item", texts | {"price": price}, f"item_id is not null and {CONCERNS_ITEM}")}
            order by item_id""",
    }


def canonical(part: str, mapped: ShopMap) -> dict[str, str]:
    """Text in lower case -> canonical device or channel: the usual words, then the map's own."""
    usual = DEVICES if part == "device" else CHANNELS
    words = {word: name for name, listed in usual.items() for word in listed.split(", ")}
    return words | dict(mapped.words.get(part, {}))


def _word(part: str, names: set[str], mapped: ShopMap) -> str:
    return coded(part, f"{part}_text", mapped) if f"{part}_text" in names else "'unknown'"


def coded(part: str, text: str, mapped: ShopMap) -> str:
    """SQL of a device or channel as the schema names it, from the text of a log."""
    whens = " ".join(
        f"when {quoted(word)} then {quoted(name)}" for word, name in canonical(part, mapped).items()
    )
    return f"case lower({text}) {whens} else 'unknown' end"


def _item(text: bool) -> str:
    return f"case when {CONCERNS_ITEM} then {'item_number.number' if text else 'item_id'} end"


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
