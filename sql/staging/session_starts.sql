-- question: When does each session start and end?
-- grain: session
-- technique: gaps and islands. A session ends after more than 30 minutes without an event; a gap of exactly
--   30 minutes stays inside. Only user and time pass through the window, so that it is light. The event
--   before a start ends the session before it
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

preceded as (
    select
        user_id,
        ts,
        lag(ts) over (partition by user_id order by ts) as previous_ts,
        max(ts) over (partition by user_id) as last_ts
    from events
),

starts as (
    select * from preceded
    where previous_ts is null or ts > previous_ts + interval 30 minutes
)

select
    row_number() over (order by user_id, ts) as session_id,
    user_id,
    ts as session_start,
    coalesce(lead(previous_ts) over (partition by user_id order by ts), last_ts) as session_end
from starts
