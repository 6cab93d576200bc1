"""The export of Google Analytics 4, one event a row with lists inside, as flat rows: one a product.

As the export writes it: whole numbers are text; `event_timestamp` counts microseconds in UTC, `event_date` is
the day in the zone of the property; products of an event are a list; the session's number is one of its
parameters and unique only within a user; events that were sent together share a time and are told apart by
the `batch_*` fields; a day is exported again for three days, so the last export of a day replaces the others.
"""

from __future__ import annotations

import duckdb

from journey.errors import JourneyError
from journey.stores.canonical import number
from journey.stores.imported.sources import Source

NEEDED = ("event_date", "event_timestamp", "event_name", "user_pseudo_id")
BATCH = ("batch_page_id", "batch_ordering_id", "batch_event_index")
USED = (*NEEDED, "event_params", "items", "ecommerce", "device", "geo", "traffic_source", *BATCH)


def flattened(source: Source) -> str:
    """SQL that gives one row a product of an event, in the order in which things happened.

    Raises
    ------
    JourneyError
        When the files lack what every such export has.
    """
    if missing := [name for name in NEEDED if name not in source.columns]:
        raise JourneyError(
            f"{source.files[0]}: no column {missing[0]!r}; this is not the export of Google Analytics 4"
        )
    there = [name for name in USED if name in source.columns]
    as_text = {
        name: name if source.types[name] == "VARCHAR" else f"to_json({name})::varchar" for name in there
    }
    plain = {name: f"trim({sql}, '\"')" for name, sql in as_text.items()}

    def inner(name: str, *paths: str) -> str:
        if name not in there:
            return "null::varchar"
        parts = ", ".join(f"json_extract_string({as_text[name]}, '$.{path}')" for path in paths)
        return f"coalesce({parts}, null)"

    session = "null::varchar"
    if "event_params" in there:
        listed = f"from_json({as_text['event_params']}, '[\"JSON\"]')"
        chosen = f"list_filter({listed}, lambda p: p ->> '$.key' = 'ga_session_id')[1]"
        value = f"coalesce({chosen} ->> '$.value.int_value', {chosen} ->> '$.value.string_value')"
        session = f"{plain['user_pseudo_id']} || '.' || {value}"
    products = f"from_json({as_text['items']}, '[\"JSON\"]')" if "items" in there else "null::json[]"
    batch = ", ".join(
        f"try_cast({plain[name]} as bigint) as {name}" if name in there else f"null::bigint as {name}"
        for name in BATCH
    )
    return f"""(
        with read as (
            select
                filename,
                {plain["event_timestamp"]} as time, {plain["event_date"]} as day,
                {plain["user_pseudo_id"]} as user, {plain["event_name"]} as event,
                {session} as session,
                {inner("ecommerce", "transaction_id")} as "order",
                {inner("device", "category")} as device, {inner("geo", "country")} as country,
                {inner("traffic_source", "medium")} as channel,
                {products} as products, {batch}
            from {source.relation(there)}
        ),
        latest as (select day, max(filename) as filename from read group by day),
        kept as (select read.* from read semi join latest using (day, filename)),
        product as (
            select * exclude (products),
                unnest(if(len(products) > 0, products, [null])) as p,
                unnest(range(greatest(coalesce(len(products), 0), 1))) as place
            from kept
        )
        select
            filename, time, day, "user", event, session, "order", device, country, channel,
            coalesce(p ->> '$.item_id', p ->> '$.item_name') as item,
            coalesce(p ->> '$.quantity', '1') as quantity,
            p ->> '$.price' as price, p ->> '$.item_category' as category, p ->> '$.item_brand' as brand
        from product
        order by try_cast(time as bigint), batch_page_id nulls first, batch_ordering_id nulls first,
            batch_event_index nulls first, place
    )"""


def superseded(connection: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Rows of exports of a day that a later export, by its file's name, replaces."""
    return number(
        connection,
        f"""with days as (
            select event_date as day, filename, count(*) as n
            from {source.relation(["event_date"])} group by all
        ),
        latest as (select day, max(filename) as filename from days group by day)
        select sum(n) from days anti join latest using (day, filename)""",
    )
