-- question: What does every raw row say once it is repaired, and what was wrong with it?
-- grain: raw row
-- technique: flags first, repairs from the flags, waits compared as microseconds (10 minutes, 1 hour, 72
--   hours), which takes a third of the time of intervals; a view over the raw files that ends with the build,
--   because a table of it would copy the whole history once more
-- keys: none
-- nulls: user_id, item_id, unit_price, discount_pct, removal_reason
-- columns:
--   ts: when it happened: the clock of the device, or the arrival less the normal delay where that clock
--     was wrong
--   quantity: units, without the wrong sign
--   unit_price: list price of one unit, read back as a number, EUR
--   is_duplicate: whether the row was sent again
--   is_late: whether it arrived more than an hour after it happened
--   is_skewed: whether the clock of the device was wrong
--   is_bot: whether the user is a robot
--   is_missing_user: whether the user is not known
--   is_negative_quantity: whether the quantity had the wrong sign
--   is_retyped: whether the price was written as text
--   removal_reason: why the row is set aside: missing_user, bot or duplicate; null when it is kept

create or replace view staging.events_repaired as

with

events as (
    select * from raw.events
),

repeated_events as (
    select * from staging.repeated_events
),

repeated_keys as (
    select key_hash from staging.repeated_events
),

bots as (
    select user_id, true as is_bot from staging.bots
),

network_delay as (
    select median_delay from staging.network_delay
),

numbered as (
    select *, 1 as arrival_number
    from events
    anti join repeated_keys on repeated_keys.key_hash = hash(events.user_id, events.ts, events.item_id)
    union all by name
    select * exclude (key_hash) from repeated_events
),

flagged as (
    select
        numbered.*,
        arrival_number > 1 as is_duplicate,
        epoch_us(received_ts) - epoch_us(ts) as wait_us,
        wait_us > 3_600_000_000 and wait_us <= 259_200_000_000 as is_late,
        wait_us < -600_000_000 or wait_us > 259_200_000_000 as is_skewed,
        coalesce(bots.is_bot, false) as is_bot,
        user_id is null as is_missing_user,
        quantity < 0 as is_negative_quantity,
        unit_price_text is not null as is_retyped
    from numbered
    left join bots using (user_id)
)

select
    event_id,
    -- A wrong clock says nothing about the time; the arrival says it to within seconds.
    case when is_skewed then received_ts - median_delay else ts end as ts,
    received_ts,
    user_id,
    event_type,
    item_id,
    device,
    channel,
    abs(quantity) as quantity,
    coalesce(unit_price, try_cast(split_part(unit_price_text, ' ', 2) as double)) as unit_price,
    discount_pct,
    is_duplicate,
    is_late,
    is_skewed,
    is_bot,
    is_missing_user,
    is_negative_quantity,
    is_retyped,
    case
        when is_missing_user then 'missing_user'
        when is_bot then 'bot'
        when is_duplicate then 'duplicate'
    end as removal_reason
from flagged
cross join network_delay
