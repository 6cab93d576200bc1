-- question: What share of each column of the raw events is missing?
-- grain: column of the raw events
-- technique: the mean of a condition over every column, unpivoted
-- keys: column_name
-- columns:
--   column_name: name of the column
--   missing: share of the raw rows without a value

with

shares as (
    select
        avg((event_id is null)::integer) as event_id,
        avg((ts is null)::integer) as ts,
        avg((received_ts is null)::integer) as received_ts,
        avg((user_id is null)::integer) as user_id,
        avg((event_type is null)::integer) as event_type,
        avg((item_id is null)::integer) as item_id,
        avg((device is null)::integer) as device,
        avg((channel is null)::integer) as channel,
        avg((quantity is null)::integer) as quantity,
        avg((unit_price is null)::integer) as unit_price,
        avg((discount_pct is null)::integer) as discount_pct
    from staging.events_flagged
)

select column_name, missing
from shares
unpivot (
    missing for column_name in (
        event_id, ts, received_ts, user_id, event_type, item_id, device, channel, quantity, unit_price,
        discount_pct
    )
)
