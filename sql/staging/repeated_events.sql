-- question: Which rows say the same thing, and in which order did they arrive?
-- grain: raw row whose user, device time and item occur more than once
-- technique: 64-bit hashes of the key find the few candidates in one cheap pass; the exact key, not the
--   hash, then numbers them, so a collision of hashes removes nothing. Purchases that arrive together under
--   different numbers are lines of one order; under the same number one line was written twice
-- keys: none
-- nulls: user_id, item_id, unit_price, discount_pct, unit_price_text
-- columns:
--   unit_price_text: the price where the file holds text
--   key_hash: 64-bit hash of user, time and item
--   arrival_number: place among the rows that say the same, by arrival; lines of one order share it

create or replace table staging.repeated_events as

with

events as not materialized (
    select *, hash(user_id, ts, item_id) as key_hash from raw.events
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
        dense_rank() over (partition by user_id, ts, event_type, item_id order by received_ts)
            + row_number() over (partition by user_id, ts, event_type, item_id, received_ts, event_id)
            - 1,
        row_number() over (partition by user_id, ts, event_type, item_id order by received_ts, event_id)
    ) as arrival_number
from events
semi join repeated_keys using (key_hash)
