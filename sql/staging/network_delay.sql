-- question: How long does a row normally travel from the device to the server?
-- grain: one row
-- technique: a median from counts per millisecond, so that it is exact, cheap and the same on every run
-- keys: none
-- columns:
--   median_delay: median time from device to server of rows that took less than a minute

create or replace table staging.network_delay as

with

events as (
    select epoch_us(received_ts) - epoch_us(ts) as wait_us from raw.events
),

counts as (
    select
        wait_us // 1000 as delay_ms,
        count(*) as n_rows
    from events
    where wait_us between 0 and 60_000_000
    group by delay_ms
),

cumulated as (
    select
        delay_ms,
        sum(n_rows) over (order by delay_ms) as n_rows_so_far,
        sum(n_rows) over () as n_rows_in_all
    from counts
)

select to_milliseconds(coalesce(min(delay_ms), 0)) as median_delay
from cumulated
where 2 * n_rows_so_far >= n_rows_in_all
