"""Purchases as orders: which lines belong together, and at which moment.

The warehouse takes what one user bought at one moment as an order. So all lines of an order get the time of
its first line, and two orders of a user at one moment are put a microsecond apart.
"""

from __future__ import annotations

import duckdb

from journey.stores.canonical import number
from journey.stores.imported.shopmap import ShopMap

#: columns that make two lines of an order the same line
SAME = ("user_id", "item_id", "ts", "quantity", "price", "list_price", "discount", "order_text")


def make_orders(connection: duckdb.DuckDBPyConnection, mapped: ShopMap) -> dict[str, int]:
    """Move the kept purchases of `rows` into `lines`, with the time of their order; count what was done.

    Returns
    -------
    dict
        `lines`, `orders`, `moved` (lines that took the time of an earlier line of their order), `split`
        (orders put a microsecond after another of the same user), `identical` (lines that are like another of
        their order in every column), `repeated` (of them, those set aside).
    """
    if mapped.fill_order:
        _fill(connection)
    names = {row[0] for row in connection.execute("describe rows").fetchall()}
    same = ", ".join(name for name in SAME if name in names)
    connection.execute(
        f"""create or replace temp table bought as
        select *, {_key(mapped)} as order_key,
            row_number() over (partition by {same} order by place) as copy
        from (
            select rowid as place, *, lag(ts) over (partition by user_id order by ts, rowid) as previous
            from rows where kind = 'purchase' and reason is null
        )"""
    )
    identical = number(connection, "select count(*) from bought where copy > 1")
    repeated = 0
    # A row that the server received again is the same line sent twice, not one more unit.
    resent = "received" in names
    if mapped.identical_lines == "remove" or resent:
        again = (
            "copy > 1"
            if mapped.identical_lines == "remove"
            else (
                "copy > 1 and place in (select place from (select place, dense_rank() over"
                f" (partition by {same} order by received) as arrival from bought) where arrival > 1)"
            )
        )
        connection.execute(
            "update rows set reason = 'repeated_line'"
            f" where rowid in (select place from bought where {again})"
        )
        repeated = number(connection, f"select count(*) from bought where {again}")
        connection.execute(f"delete from bought where {again}")
    received = ", min(received) as first_received" if resent else ""
    connection.execute(
        f"""create or replace temp table lines as
        with of_orders as (
            select user_id, order_key, min(ts) as first_ts, min(place) as first_place{received}
            from bought group by user_id, order_key
        ),
        apart as (
            select *, row_number() over (partition by user_id, first_ts order by first_place) - 1 as behind
            from of_orders
        )
        select bought.* exclude (ts{", received" if resent else ""}), ts as line_ts,
            first_ts + to_microseconds(behind) as ts, behind{", first_received as received" if resent else ""}
        from bought join apart using (user_id, order_key)"""
    )
    row = connection.execute(
        """select count(*), count(distinct (user_id, order_key)),
            count(*) filter (where ts > line_ts + interval 1 second or ts < line_ts),
            count(distinct (user_id, order_key)) filter (where behind > 0)
        from lines"""
    ).fetchone()
    assert row is not None
    return dict(zip(("lines", "orders", "moved", "split"), row, strict=True)) | {
        "identical": identical,
        "repeated": repeated,
    }


def _key(mapped: ShopMap) -> str:
    """SQL of what tells the orders of a user apart."""
    if mapped.order == "id":
        return "coalesce('o' || order_text, 't' || epoch_us(ts))"
    if mapped.order == "moment":
        return "'t' || epoch_us(ts)"
    # Purchases of a user not further apart than what ends a session are one order.
    gap = f"interval {mapped.session_gap} minutes"
    return (
        f"'s' || sum(case when ts > coalesce(previous, ts) + {gap} then 1 else 0 end)"
        " over (partition by user_id order by ts, place rows unbounded preceding)"
    )


def _fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Take time and user of a line from the first line of its order, where the log writes them only there."""
    connection.execute(
        """update rows set ts = coalesce(rows.ts, f.ts), user_id = coalesce(rows.user_id, f.user_id)
        from (
            select order_text, arg_min(ts, rowid) as ts, arg_min(user_id, rowid) as user_id
            from rows where order_text is not null group by order_text
        ) f where rows.order_text = f.order_text and (rows.ts is null or rows.user_id is null)"""
    )
    connection.execute(
        """update rows set reason = case when ts is null then 'no_time' else 'no_user' end
        where reason is null and (ts is null or user_id is null)"""
    )
