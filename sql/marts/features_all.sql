-- question: What is known at each decision?
-- grain: decision; every feature is a number and never null
-- technique: a view that puts the six groups side by side; the first three describe the user as of the
--   start of the session and are the same for all its decisions
-- keys: decision_id
-- nulls: revenue_after

create or replace view marts.features_all as

with

decisions as (
    select * from marts.decision_points
),

recency as (
    select * from marts.features_recency
),

frequency as (
    select * from marts.features_frequency
),

intent as (
    select * from marts.features_intent
),

session as (
    select * from marts.features_session
),

user_item as (
    select * from marts.features_user_item
),

item as (
    select * from marts.features_item
)

select
    decisions.decision_id,
    decisions.session_id,
    decisions.user_id,
    decisions.decision,
    decisions.decided_at,
    decisions.converted,
    decisions.revenue_after,
    decisions.device,
    decisions.channel,
    decisions.country,
    decisions.is_new_user,
    recency.days_since_last_session,
    recency.days_since_last_cart,
    recency.days_since_last_order,
    recency.days_since_abandoned_cart,
    recency.days_since_first_session,
    recency.account_age_days,
    recency.days_per_session,
    frequency.sessions_1d,
    frequency.sessions_7d,
    frequency.sessions_30d,
    frequency.sessions_before,
    frequency.views_1d,
    frequency.views_7d,
    frequency.views_30d,
    frequency.views_before,
    frequency.searches_30d,
    frequency.carts_7d,
    frequency.carts_30d,
    frequency.orders_30d,
    frequency.orders_before,
    frequency.email_visits_7d,
    frequency.email_visits_30d,
    frequency.organic_visits_7d,
    frequency.organic_visits_30d,
    frequency.social_visits_30d,
    frequency.paid_search_visits_30d,
    intent.past_conversion_rate,
    intent.past_cart_rate,
    intent.past_checkout_rate,
    intent.abandoned_carts_7d,
    intent.abandoned_carts_30d,
    intent.search_share,
    intent.views_per_session,
    intent.views_per_item,
    intent.seconds_per_event,
    intent.mean_price_viewed_30d,
    intent.usual_price_position,
    intent.coupon_share,
    intent.social_share,
    intent.furthest_step_before,
    intent.category_concentration,
    session.hour,
    session.weekday,
    session.on_mobile,
    session.on_desktop,
    session.from_email,
    session.from_organic,
    session.from_paid_search,
    session.from_social,
    session.from_affiliate,
    session.age_from,
    session.coupon_pct,
    session.free_shipping_shown,
    session.events_so_far,
    session.views_so_far,
    session.searches_so_far,
    session.carts_so_far,
    session.items_so_far,
    session.seconds_so_far,
    session.price_position_so_far,
    user_item.item_views_before,
    user_item.item_carts_before,
    user_item.item_orders_before,
    user_item.days_since_item_seen,
    user_item.item_views_so_far,
    user_item.category_affinity,
    user_item.category_orders_before,
    user_item.price_to_usual,
    item.item_view_share_7d,
    item.item_view_share_30d,
    item.item_cart_rate_30d,
    item.item_conversion_7d,
    item.item_conversion_30d,
    item.category_conversion_30d,
    item.item_price,
    item.item_price_position,
    item.item_rating
from decisions
join recency using (session_id)
join frequency using (session_id)
join intent using (session_id)
join session using (decision_id)
join user_item using (decision_id)
join item using (decision_id)
