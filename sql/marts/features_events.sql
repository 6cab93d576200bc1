-- question: In which order did the events of a session happen, and what did the item cost?
-- grain: clean event
-- technique: a view. `moment` is time and event_id (below 2^40) in one number, so that ties have one order
--   and the first, third or last event is a plain minimum or maximum. Logarithms of prices are rounded to
--   decimals: their sums are the same on every run
-- keys: event_id
-- nulls: item_id, unit_price, log_price
-- columns:
--   moment: time and event_id in one number, which orders events
--   log_price: natural logarithm of the price

create or replace view marts.features_events as

with

events as (
    select * from staging.events
)

select
    event_id,
    session_id,
    user_id,
    ts,
    if(
        event_id between 0 and 1_099_511_627_775,
        epoch_us(ts)::hugeint * 1_099_511_627_776 + event_id,
        error('event_id ' || event_id || ' of staging.events must lie between 0 and 2^40')
    ) as moment,
    event_type,
    item_id,
    unit_price,
    if(unit_price > 0, round(ln(unit_price), 6)::decimal(18, 6), null) as log_price
from events
