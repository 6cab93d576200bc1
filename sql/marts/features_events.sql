-- Question:  what is the n-th event of each session, and how dear is its item for its kind?
-- Grain:     one row per clean event
-- Technique: the place in the session is settled by time, then by event_id, so that ties have one order. The
--            price is compared with what the category cost on all earlier days, never on the same or a later one
create or replace table marts.features_events as

with

events as (
    select * from staging.events
),

items as (
    select item_id, category from staging.items
),

described as (
    select
        events.event_id,
        events.session_id,
        events.user_id,
        events.ts,
        events.ts::date as day,
        events.event_type,
        events.item_id,
        if(events.item_id is null, null, coalesce(items.category, 'unknown')) as category,
        events.unit_price,
        if(events.unit_price > 0, round(ln(events.unit_price), 6)::decimal(18, 6), null) as log_price,
    from events
    left join items using (item_id)
),

category_days as (
    select
        category,
        day,
        count(log_price) as n_priced,
        sum(log_price) as log_price,
    from described
    where event_type = 'view' and category is not null
    group by category, day
),

category_prices as (
    select
        category,
        day,
        sum(log_price) over earlier / nullif(sum(n_priced) over earlier, 0) as log_price,
    from category_days
    window earlier as (
        partition by category
        order by day
        rows between unbounded preceding and 1 preceding
    )
)

select
    described.session_id,
    described.user_id,
    row_number() over (
        partition by described.session_id
        order by described.ts, described.event_id
    )::integer as position,
    described.ts,
    described.day,
    described.event_type,
    described.item_id,
    described.category,
    described.unit_price,
    round(described.log_price - category_prices.log_price, 6)::decimal(18, 6) as price_position,
from described
left join category_prices using (category, day)
