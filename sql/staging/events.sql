-- question: What did each customer do, when, and in which session?
-- grain: clean event: one per thing that happened, without robots and unknown users
-- technique: an as-of join gives every event the last session start of its user that is not after it
-- keys: event_id
-- nulls: item_id, unit_price, discount_pct
-- columns:
--   is_session_start: whether the event happened at the start of its session

create or replace table staging.events as

with

events as (
    select * from staging.events_repaired
    where removal_reason is null
),

session_starts as (
    select * from staging.session_starts
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
    session_starts.session_id,
    events.ts = session_starts.session_start as is_session_start
from events
asof join session_starts
    on events.user_id = session_starts.user_id and events.ts >= session_starts.session_start
