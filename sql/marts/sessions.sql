-- question: What happened in each session?
-- grain: session; session_id counts sessions by user and start
-- technique: one conditional aggregate over the events. Different items are counted apart, as pairs of
--   session and item, because a count of distinct values beside other counts keeps a set a session. Money
--   is added up as decimals: a sum of doubles depends in its last digits on the order in which threads
--   deliver the rows. Revenue is null where a price is not known, 0 where nothing was bought
-- keys: session_id
-- nulls: discount_pct, revenue
-- columns:
--   session_end: when the last event of the session happened
--   session_number: which session of its user it is, from 1
--   is_new_user: whether it is the first of its user
--   device: device of the opening event
--   channel: channel of the opening event
--   n_events: events
--   n_views: views
--   n_searches: searches
--   n_carts: additions to the cart
--   n_removes: removals from the cart
--   n_checkouts: checkouts
--   n_purchase_lines: lines bought
--   n_items_viewed: different items viewed
--   discount_pct: largest discount shown
--   has_cart: whether something was carted
--   has_checkout: whether a checkout was begun
--   converted: whether something was bought
--   revenue: net revenue of the session, EUR; 0 where nothing was bought
--   duration_s: seconds from the first to the last event

create or replace table marts.sessions as

with

events as (
    select
        *,
        if(
            event_type = 'purchase',
            (quantity * unit_price * (1 - coalesce(discount_pct, 0) / 100))::decimal(18, 6),
            null
        ) as net_amount
    from staging.events
),

recorded as (
    select has_revenue from marts.recorded
),

users as (
    select user_id, country, age_band from staging.users
),

sessions as (
    select
        session_id,
        user_id,
        min(ts) as session_start,
        max(ts) as session_end,
        arg_min(device, event_id) filter (where is_session_start) as device,
        arg_min(channel, event_id) filter (where is_session_start) as channel,
        count(*) as n_events,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'search') as n_searches,
        count(*) filter (where event_type = 'add_to_cart') as n_carts,
        count(*) filter (where event_type = 'remove_from_cart') as n_removes,
        count(*) filter (where event_type = 'checkout') as n_checkouts,
        count(*) filter (where event_type = 'purchase') as n_purchase_lines,
        max(discount_pct) as discount_pct,
        count(net_amount) as n_priced_lines,
        coalesce(sum(net_amount), 0)::double as net_amount
    from events
    group by session_id, user_id
),

items_viewed as (
    select session_id, item_id from events
    where event_type = 'view' and item_id is not null
    group by session_id, item_id
),

variety as (
    select session_id, count(*) as n_items_viewed from items_viewed
    group by session_id
)

select
    sessions.session_id,
    sessions.user_id,
    sessions.session_start,
    sessions.session_end,
    row_number() over (partition by sessions.user_id order by sessions.session_id) as session_number,
    session_number = 1 as is_new_user,
    sessions.device,
    sessions.channel,
    sessions.n_events,
    sessions.n_views,
    sessions.n_searches,
    sessions.n_carts,
    sessions.n_removes,
    sessions.n_checkouts,
    sessions.n_purchase_lines,
    coalesce(variety.n_items_viewed, 0) as n_items_viewed,
    sessions.discount_pct,
    sessions.n_carts > 0 as has_cart,
    sessions.n_checkouts > 0 as has_checkout,
    sessions.n_purchase_lines > 0 as converted,
    case
        when recorded.has_revenue and sessions.n_priced_lines = sessions.n_purchase_lines
            then sessions.net_amount
    end as revenue,
    (epoch_us(sessions.session_end) - epoch_us(sessions.session_start)) / 1e6 as duration_s,
    coalesce(users.country, 'unknown') as country,
    coalesce(users.age_band, 'unknown') as age_band
from sessions
cross join recorded
left join variety using (session_id)
left join users using (user_id)
order by sessions.session_id
