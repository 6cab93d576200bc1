-- question: What had happened after the third event of a session, and what by its first add to cart?
-- grain: session and item met by then; item_id is null for events without an item
-- technique: events are cut off at the later of the two moments, then counted up to each of them
-- keys: none
-- nulls: item_id, third_log_price_sum, third_item_moment, cart_log_price_sum
-- columns:
--   third_views: views by the third event
--   third_searches: searches by the third event
--   third_carts: additions to the cart by the third event
--   third_priced: views with a price by the third event
--   third_log_price_sum: sum of their log prices
--   third_item_moment: moment of the last view or addition by the third event
--   cart_events: events by the first addition to the cart
--   cart_views: views by the first addition to the cart
--   cart_searches: searches by the first addition to the cart
--   cart_priced: views with a price by the first addition to the cart
--   cart_log_price_sum: sum of their log prices

create or replace table marts.features_progress as

with

events as (
    select * from marts.features_events
),

sessions as (
    select
        session_id,
        third_moment,
        cart_moment,
        greatest(third_moment, cart_moment) as last_moment
    from marts.features_sessions
    where third_moment is not null or cart_moment is not null
),

known_events as (
    select
        events.session_id,
        events.item_id,
        events.event_type,
        events.moment,
        if(events.event_type = 'view', events.log_price, null) as log_price,
        coalesce(events.moment <= sessions.third_moment, false) as by_third,
        coalesce(events.moment <= sessions.cart_moment, false) as by_cart
    from events
    join sessions using (session_id)
    where events.moment <= sessions.last_moment
)

select
    session_id,
    item_id,
    count(*) filter (where by_third and event_type = 'view') as third_views,
    count(*) filter (where by_third and event_type = 'search') as third_searches,
    count(*) filter (where by_third and event_type = 'add_to_cart') as third_carts,
    count(log_price) filter (where by_third) as third_priced,
    sum(log_price) filter (where by_third) as third_log_price_sum,
    max(moment) filter (where by_third and event_type in ('view', 'add_to_cart')) as third_item_moment,
    count(*) filter (where by_cart) as cart_events,
    count(*) filter (where by_cart and event_type = 'view') as cart_views,
    count(*) filter (where by_cart and event_type = 'search') as cart_searches,
    count(log_price) filter (where by_cart) as cart_priced,
    sum(log_price) filter (where by_cart) as cart_log_price_sum
from known_events
group by session_id, item_id
