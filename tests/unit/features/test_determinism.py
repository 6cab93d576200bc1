"""Two builds of the same rows give the same bits, whatever the order of the rows and the threads."""

from __future__ import annotations

import duckdb
from support.features_shops import build_features, feature_models

ORDERS_AND_THREADS = ((1, 4), (2, 3), (3, 1))
#: made of the tables and of the events alone
VIEWS = ("marts.features_events", "marts.features_all")

#: 200,000 events, more than one of DuckDB's row groups, so that several threads take part
MANY_EVENTS = """
create schema staging; create schema marts;
create table staging.items as
    select i as item_id, 'c' || i % 7 as category, 1 + (i * 37 % 41) / 10 as rating from range(300) as t(i);
create table staging.users as
    select u as user_id, timestamp '2024-06-01' + to_hours(u * 7919 % 5000) as signup_ts,
        'DE' as country, '25-34' as age_band
    from range(3000) as t(u);
create table staging.exposures as
    select u as user_id, 'free_shipping' as experiment, 'treatment' as variant, timestamp '2025-02-01' as ts
    from range(0, 3000, 3) as t(u);
create table staging.numbered as
    select
        n as event_id, n % 3000 as user_id, n // 3000 // 8 as visit,
        timestamp '2025-01-01' + to_microseconds((
            (visit * 3 * 86400 + user_id * 17 + n // 3000 % 8 * 61) * 1000000 + hash(n) % 5000000
        )::bigint) as ts,
        ['view', 'view', 'view', 'search', 'add_to_cart', 'checkout', 'purchase'][1 + (hash(n, 1) % 7)::int]
            as event_type,
        if(event_type in ('search', 'checkout'), null, (hash(n, 2) % 300)::bigint) as item_id,
        if(item_id is null, null, round(3 + (hash(n, 3) % 100000) / 700.0, 2)) as unit_price
    from range(200000) as t(n);
create table staging.events as
    select event_id, ts, user_id, event_type, item_id, 'mobile' as device, 'email' as channel, 1 as quantity,
        unit_price, (5 * (user_id % 4))::double as discount_pct,
        dense_rank() over (order by user_id, visit) as session_id,
        ts = min(ts) over (partition by user_id, visit) as is_session_start
    from staging.numbered
    order by hash(event_id, $order);
create table marts.sessions as
    select session_id, user_id, min(ts) as session_start, max(ts) as session_end,
        row_number() over (partition by user_id order by session_id) as session_number,
        session_number = 1 as is_new_user, 'mobile' as device, 'email' as channel, count(*) as n_events,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'search') as n_searches,
        count(distinct item_id) filter (where event_type = 'view') as n_items_viewed,
        max(discount_pct) as discount_pct, bool_or(event_type = 'add_to_cart') as has_cart,
        bool_or(event_type = 'checkout') as has_checkout, bool_or(event_type = 'purchase') as converted,
        1.0::double as revenue, epoch_us(session_end - session_start) / 1e6 as duration_s, 'DE' as country
    from staging.events group by session_id, user_id;
"""


def digests(order: int, threads: int) -> dict[str, str]:
    """Digest of every table that features are made of; the rows of events come in some order."""
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    *before, events, sessions = [text for text in MANY_EVENTS.split(";") if text.strip()]
    for statement in before:
        connection.execute(statement)
    connection.execute(events, {"order": order})
    connection.execute(sessions)
    tables = [table for table in build_features(connection) if table not in VIEWS]
    return {table: digest(connection, table) for table in tables}


def digest(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Sum of the hashes of all rows, each as text with every digit."""
    row = connection.execute(
        f"select count(*), sum(hash(line::varchar)::hugeint) from {table} as line"
    ).fetchone()
    return str(row)


def test_tables_are_the_same_on_every_run() -> None:
    first, *others = [digests(order, threads) for order, threads in ORDERS_AND_THREADS]
    assert len(first) == len(feature_models()) - len(VIEWS)
    for other in others:
        assert {name for name in first if first[name] != other[name]} == set()


def test_the_digest_sees_the_last_digit() -> None:
    connection = duckdb.connect()
    connection.execute("create table one as select 0.1::double + 0.2::double as sum_of_doubles, 1 as n")
    connection.execute("create table two as select 0.3::double as sum_of_doubles, 1 as n")
    assert digest(connection, "one") != digest(connection, "two")
