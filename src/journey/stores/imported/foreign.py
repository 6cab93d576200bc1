"""A store as another system would export it, to try an import on."""

from __future__ import annotations

from pathlib import Path

import duckdb


def export(store: Path, target: Path) -> None:
    """Write a store's raw events as another system would: other names, text ids, milliseconds."""
    events = sorted((store / "events").glob("day=*/events.parquet"))
    with duckdb.connect() as connection:
        connection.execute(
            """create view events as
            select * exclude (unit_price), unit_price::varchar as price
            from read_parquet($files, union_by_name = true, hive_partitioning = false)""".replace(
                "$files", str([str(file) for file in events])
            )
        )
        connection.execute(
            f"""copy (
                select
                    epoch_ms(ts) as event_time,
                    'c-' || user_id as customer_id,
                    case event_type when 'view' then 'product_view' when 'purchase' then 'order_placed'
                        else event_type end as action,
                    'sku-' || item_id as sku,
                    quantity as qty,
                    coalesce(try_cast(price as double), try_cast(split_part(price, ' ', 2) as double))
                        as list_price,
                    discount_pct,
                    device as platform,
                    channel as utm_medium,
                    epoch_ms(received_ts) as received_at
                from events order by received_ts, event_id
            ) to '{target}' (header)"""
        )
