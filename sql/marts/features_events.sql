-- Question:  what does an event say that a feature may use?
-- Grain:     one row per clean event
-- Technique: a view. `moment` orders the events of a session by time, then by event_id (below 2^40), as one number,
--            so that ties have one order and the first, third or last event is a plain minimum or maximum. The
--            price is compared with that of the category on all earlier days
create or replace view marts.features_events as

with

events as (
    select * from staging.events
),

items as (
    select item_id, category from staging.items
),

category_prices as (
    select category, day, log_price from marts.features_category_prices
)

select
    events.event_id,
    events.session_id,
    events.user_id,
    events.ts,
    events.ts::date as day,
    epoch_us(events.ts)::hugeint * 1_099_511_627_776 + events.event_id as moment,
    events.event_type,
    events.item_id,
    if(events.item_id is null, null, coalesce(items.category, 'unknown')) as category,
    events.unit_price,
    if(
        events.unit_price > 0,
        round(ln(events.unit_price), 6)::decimal(18, 6) - category_prices.log_price,
        null
    ) as price_position,
from events
left join items using (item_id)
left join category_prices on
    category_prices.category = coalesce(items.category, 'unknown')
    and category_prices.day = events.ts::date
