-- question: How was each item doing on each day?
-- grain: item and day with an event of it
-- technique: one conditional aggregate
-- keys: item_id, day
-- columns:
--   day: day (UTC)
--   n_views: views
--   n_carts: additions to a cart
--   n_purchases: lines bought
--   n_priced: views with a price
--   log_price_sum: sum of the log prices of those views

create or replace table marts.features_item_days as

with

events as (
    select item_id, ts, event_type, log_price from marts.features_events
    where item_id is not null
),

items as (
    select item_id, category from staging.items
),

counts as (
    select
        item_id,
        ts::date as day,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'add_to_cart') as n_carts,
        count(*) filter (where event_type = 'purchase') as n_purchases,
        count(log_price) filter (where event_type = 'view') as n_priced,
        coalesce(sum(log_price) filter (where event_type = 'view'), 0) as log_price_sum
    from events
    group by item_id, day
)

select
    counts.item_id,
    coalesce(items.category, 'unknown') as category,
    counts.day,
    counts.n_views,
    counts.n_carts,
    counts.n_purchases,
    counts.n_priced,
    counts.log_price_sum
from counts
left join items using (item_id)
