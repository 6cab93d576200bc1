-- question: How long has each visitor been seen without an order, and did one come?
-- grain: visitor
-- technique: date_diff to the first order, or to the end of all records by a window over the whole
-- keys: none
-- columns:
--   days: days from the first visit to the first order, or to the end of the data
--   ordered: whether there is an order

select
    device_preference,
    date_diff('second', first_seen, coalesce(first_order_ts, max(last_seen) over ())) / 86400.0 as days,
    first_order_ts is not null as ordered
from marts.customers
where first_seen is not null
order by user_id
