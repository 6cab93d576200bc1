"""A simulated store opened for tests: raw rows beside what was done to them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pyarrow.parquet as pq


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def open_store(shop: Path) -> duckdb.DuckDBPyConnection:
    """Tables of a store: `raw` (with its partition and price text), `rows` (with kinds of dirt), `true_*`."""
    connection = duckdb.connect()
    files = sorted(shop.glob("events/day=*/events.parquet"))
    texts = [str(f) for f in files if str(pq.read_schema(f).field("unit_price").type) != "double"]
    numbers = [str(f) for f in files if str(f) not in texts]
    connection.execute(
        f"""
        create table raw as
        select *, null::varchar as price_text from read_parquet({numbers}, hive_partitioning = true)
        union all by name
        select * replace (null::double as unit_price), unit_price as price_text
        from read_parquet({texts}, hive_partitioning = true)
        """
    )
    for name in ("sessions", "events", "dirt", "users", "items", "channel_value"):
        connection.execute(f"create table true_{name} as from '{shop}/truth/{name}.parquet'")
    for name in ("users", "items", "exposures"):
        connection.execute(f"create table {name} as from '{shop}/{name}.parquet'")
    connection.execute(
        """
        create table rows as
        select raw.*, coalesce(kinds, []) as kinds, true_ts, true_user_id, true_quantity, true_unit_price
        from raw left join (
            select event_id, received_ts, list(kind order by kind) as kinds, any_value(true_ts) as true_ts,
                any_value(true_user_id) as true_user_id, any_value(true_quantity) as true_quantity,
                any_value(true_unit_price) as true_unit_price
            from true_dirt group by all
        ) using (event_id, received_ts)
        """
    )
    return connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def value(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    return rows(connection, query)[0][0]
