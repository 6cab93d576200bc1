-- Question:  which rows say the same thing, and in which order did they arrive?
-- Grain:     one row per raw row whose user, device time, event type and item occur more than once
-- Technique: 64-bit hashes of the key find the few candidates in one cheap pass; the exact key, not the hash,
--            then numbers them, so a collision of hashes removes nothing. Purchases that arrive together are lines of
--            one order, not one line sent twice
create or replace table staging.repeated_events as

with

events as not materialized (
    select *, hash(user_id, ts, event_type, item_id) as key_hash from raw.events
),

repeated_keys as (
    select key_hash
    from events
    group by key_hash
    having count(*) > 1
)

select
    events.*,
    if(
        event_type = 'purchase',
        dense_rank() over (partition by user_id, ts, event_type, item_id order by received_ts),
        row_number() over (partition by user_id, ts, event_type, item_id order by received_ts, event_id)
    ) as arrival_number,
from events
semi join repeated_keys using (key_hash)
