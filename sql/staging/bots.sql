-- question: Which user identifiers are robots?
-- grain: robot
-- technique: one aggregate finds the few identifiers that only ever view, many times; only for those are
--   the gaps between rows measured, by the clock of the server, which is right on every row
-- keys: user_id
-- columns:
--   n_rows: raw rows of the robot
--   median_gap_s: median seconds from one row to the next

create or replace table staging.bots as

with

events as (
    select user_id, event_type, received_ts from raw.events
    where user_id is not null
),

viewers as (
    select user_id
    from raw.events
    where user_id is not null
    group by user_id
    having count(*) >= 50 and count(*) filter (where event_type <> 'view') = 0
),

gaps as (
    select
        user_id,
        epoch(received_ts - lag(received_ts) over (partition by user_id order by received_ts)) as gap_s
    from events
    semi join viewers using (user_id)
)

select
    user_id,
    count(*) as n_rows,
    median(gap_s) as median_gap_s
from gaps
group by user_id
having median(gap_s) <= 10
