-- question: What did each customer do, when, and in which session?
-- grain: clean event: one per thing that happened, without robots and unknown users
-- technique: a join on user and day, then on the bounds of the session. Sessions lie half an hour apart, so
--   that a user and day meet at most 48 of them, and no row needs to be sorted. A session that lasts over
--   midnight stands there once a day
-- keys: event_id
-- nulls: item_id, unit_price, discount_pct
-- columns:
--   is_session_start: whether the event happened at the start of its session

create or replace table staging.events as

with

events as (
    select *, ts::date as day from staging.events_repaired
    where removal_reason is null
),

session_days as (
    select
        *,
        unnest(range(session_start::date, session_end::date + 1, interval 1 day))::date as day
    from staging.session_starts
)

select
    events.event_id,
    events.ts,
    events.received_ts,
    events.user_id,
    events.event_type,
    events.item_id,
    events.device,
    events.channel,
    events.quantity,
    events.unit_price,
    events.discount_pct,
    events.is_late,
    events.is_skewed,
    events.is_negative_quantity,
    events.is_retyped,
    session_days.session_id,
    events.ts = session_days.session_start as is_session_start
from events
join session_days
    on events.user_id = session_days.user_id
    and events.day = session_days.day
    and events.ts between session_days.session_start and session_days.session_end
