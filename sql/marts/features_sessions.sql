-- Question:  what does each session add to the history of its user?
-- Grain:     one row per session
-- Technique: conditional aggregates; sums of prices are decimals, so that they do not depend on the order in
--            which threads deliver the rows
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
        count(unit_price) filter (where event_type = 'view') as n_priced,
        sum(unit_price::decimal(18, 4)) filter (where event_type = 'view') as price_sum,
        count(price_position) filter (where event_type = 'view') as n_positioned,
        sum(price_position) filter (where event_type = 'view') as position_sum,
        max(ts) filter (where event_type = 'add_to_cart') as carted_at,
        max(ts) filter (where event_type = 'purchase') as ordered_at,
        max(position) filter (where event_type in ('view', 'add_to_cart')) as item_position,
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
    sessions.discount_pct > 0 as has_coupon,
    contents.n_priced,
    coalesce(contents.price_sum, 0) as price_sum,
    contents.n_positioned,
    coalesce(contents.position_sum, 0) as position_sum,
    contents.carted_at,
    contents.ordered_at,
    if(sessions.has_cart and not sessions.converted, sessions.session_end, null) as abandoned_at,
    contents.item_position,
from sessions
join contents using (session_id)
order by sessions.session_id
