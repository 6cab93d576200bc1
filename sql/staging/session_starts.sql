-- question: When does each session start and end?
-- grain: session
-- technique: gaps and islands. A session ends after more than 30 minutes without an event; a gap of exactly
--   30 minutes stays inside. Events of a user in the same half hour of the clock lie closer together than
--   that, so that only the first and the last of each half hour pass through the window, not every event.
--   The half hour before a start ends the session before it
-- keys: session_id
-- columns:
--   session_id: number of the session, by user and start
--   session_start: when the first event of the session happened
--   session_end: when the last event of the session happened

create or replace table staging.session_starts as

with

events as (
    select user_id, ts from staging.events_repaired
    where removal_reason is null
),

half_hours as (
    select
        user_id,
        floor(epoch_us(ts) / 1_800_000_000) as half_hour,
        min(ts) as first_ts,
        max(ts) as last_ts
    from events
    group by user_id, half_hour
),

preceded as (
    select
        user_id,
        first_ts,
        lag(last_ts) over (partition by user_id order by half_hour) as previous_ts,
        max(last_ts) over (partition by user_id) as user_end
    from half_hours
),

starts as (
    select * from preceded
    where previous_ts is null or first_ts > previous_ts + interval 30 minutes
)

select
    row_number() over (order by user_id, first_ts) as session_id,
    user_id,
    first_ts as session_start,
    coalesce(lead(previous_ts) over (partition by user_id order by first_ts), user_end) as session_end
from starts
