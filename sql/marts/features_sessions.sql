-- question: What does each session add to the history of its user, and when did it reach which event?
-- grain: session
-- technique: conditional aggregates over the events; moments are those of features_events, null when not
--   reached. Sums of prices are decimals: they do not depend on the order in which threads deliver the rows
-- keys: session_id
-- nulls: third_moment, cart_moment, purchase_moment, item_moment, last_carted_at, last_ordered_at,
--   price_sum
-- columns:
--   start_us: start of the session, microseconds since 1970
--   is_abandoned: whether something was carted and nothing bought
--   has_coupon: whether a discount was shown
--   third_moment: moment of the third event
--   cart_moment: moment of the first addition to the cart
--   purchase_moment: moment of the first purchase
--   item_moment: moment of the last view or addition of an item
--   last_carted_at: time of the last addition to the cart
--   last_ordered_at: time of the last purchase
--   n_priced: views with a price
--   price_sum: sum of those prices, EUR

create or replace table marts.features_sessions as

with

events as (
    select * from marts.features_events
),

sessions as (
    select * from marts.sessions
),

contents as (
    select
        session_id,
        min(moment, 3)[3] as third_moment,
        min(moment) filter (where event_type = 'add_to_cart') as cart_moment,
        min(moment) filter (where event_type = 'purchase') as purchase_moment,
        max(moment) filter (where event_type in ('view', 'add_to_cart') and item_id is not null)
            as item_moment,
        max(ts) filter (where event_type = 'add_to_cart') as last_carted_at,
        max(ts) filter (where event_type = 'purchase') as last_ordered_at,
        count(unit_price) filter (where event_type = 'view') as n_priced,
        sum(unit_price::decimal(18, 4)) filter (where event_type = 'view') as price_sum
    from events
    group by session_id
)

select
    sessions.session_id,
    sessions.user_id,
    sessions.session_start,
    epoch_us(sessions.session_start) as start_us,
    sessions.session_end,
    sessions.channel,
    sessions.n_events,
    sessions.n_views,
    sessions.n_searches,
    sessions.n_items_viewed,
    sessions.duration_s::decimal(18, 6) as duration_s,
    sessions.has_cart,
    sessions.has_checkout,
    sessions.converted,
    sessions.has_cart and not sessions.converted as is_abandoned,
    coalesce(sessions.discount_pct > 0, false) as has_coupon,
    contents.third_moment,
    contents.cart_moment,
    contents.purchase_moment,
    contents.item_moment,
    contents.last_carted_at,
    contents.last_ordered_at,
    contents.n_priced,
    contents.price_sum
from sessions
join contents using (session_id)
