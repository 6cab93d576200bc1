-- question: What was wrong with each raw row?
-- grain: raw row, with its repaired values and one flag per kind of dirt
-- technique: kept and removed rows together, as a view, so that the history is stored once
-- keys: none
-- nulls: user_id, item_id, unit_price, discount_pct, removal_reason

create or replace view staging.events_flagged as

with

kept as (
    select * from staging.events
),

removed as (
    select * from staging.events_removed
)

select
    event_id,
    ts,
    received_ts,
    user_id,
    event_type,
    item_id,
    device,
    channel,
    quantity,
    unit_price,
    discount_pct,
    false as is_duplicate,
    is_late,
    is_skewed,
    false as is_bot,
    false as is_missing_user,
    is_negative_quantity,
    is_retyped,
    null::varchar as removal_reason
from kept
union all by name
select * from removed
