-- question: What does this store record?
-- grain: one row
-- technique: one aggregate over the events. What is not recorded is unknown, and so is all that follows
--   from it: a step that no event shows is left out of the funnel, revenue without prices is null and not 0
-- keys: none
-- columns:
--   has_views: whether there is a view
--   has_carts: whether there is an addition to a cart
--   has_checkouts: whether there is a checkout
--   has_revenue: whether purchases have prices; also where nothing was bought
--   has_discounts: whether there is a discount, be it 0

create or replace table marts.recorded as

with

events as (
    select * from staging.events
)

select
    count(*) filter (where event_type = 'view') > 0 as has_views,
    count(*) filter (where event_type = 'add_to_cart') > 0 as has_carts,
    count(*) filter (where event_type = 'checkout') > 0 as has_checkouts,
    count(*) filter (where event_type = 'purchase') = 0
        or count(unit_price) filter (where event_type = 'purchase') > 0 as has_revenue,
    count(discount_pct) > 0 as has_discounts
from events
