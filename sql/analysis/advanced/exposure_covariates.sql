-- question: What was known about each user when free shipping was assigned?
-- grain: user of the free-shipping experiment
-- technique: as-of join to the session of exposure, aggregates over the sessions before it
-- keys: user_id
-- nulls: revenue_before
-- columns:
--   treated: 1 for free shipping
--   channel: channel of the session of exposure
--   device: device of the session of exposure
--   discount_pct: largest discount shown in the session of exposure
--   hour_of_day: hour (UTC) of the exposure
--   days_since_signup: days from sign-up to exposure
--   sessions_before: sessions before exposure
--   views_before: views in them
--   searches_before: searches in them
--   carts_before: additions to the cart in them
--   abandoned_before: of them, those with a cart and no purchase
--   orders_before: of them, those with a purchase
--   revenue_before: their net revenue, EUR
-- meaning: {{ rows }} users; {{ where(treated=1).rows }} of them were assigned free shipping.

with

exposures as (
    select * from staging.exposures
),

users as (
    select * from staging.users
),

sessions as (
    select * from marts.sessions
),

recorded as (
    select * from marts.recorded
),

exposed as (
    select
        user_id,
        min(variant) as variant,
        min(ts) as exposed_at
    from exposures
    where experiment = 'free_shipping'
    group by user_id
    having count(distinct variant) = 1
),

arrival as (
    select
        exposed.user_id,
        sessions.channel,
        sessions.device,
        sessions.discount_pct,
        extract(hour from exposed.exposed_at) as hour_of_day
    from exposed
    asof join sessions
        on exposed.user_id = sessions.user_id
        and exposed.exposed_at >= sessions.session_start
),

history as (
    select
        exposed.user_id,
        count(sessions.session_id) as sessions_before,
        coalesce(sum(sessions.n_views), 0) as views_before,
        coalesce(sum(sessions.n_searches), 0) as searches_before,
        coalesce(sum(sessions.n_carts), 0) as carts_before,
        coalesce(sum(case when sessions.has_cart and not sessions.converted then 1 else 0 end), 0)
            as abandoned_before,
        coalesce(sum(case when sessions.converted then 1 else 0 end), 0) as orders_before,
        case
            when recorded.has_revenue and count(sessions.session_id) = count(sessions.revenue)
                then round(coalesce(sum(sessions.revenue), 0), 2)
        end as revenue_before
    from exposed
    cross join recorded
    left join sessions
        on exposed.user_id = sessions.user_id
        and sessions.session_end < exposed.exposed_at
    group by exposed.user_id, recorded.has_revenue
)

select
    exposed.user_id,
    case when exposed.variant = 'treatment' then 1 else 0 end as treated,
    users.country,
    users.age_band,
    users.device_preference,
    users.acquisition_channel,
    coalesce(arrival.channel, 'unknown') as channel,
    coalesce(arrival.device, 'unknown') as device,
    coalesce(arrival.discount_pct, 0) as discount_pct,
    coalesce(arrival.hour_of_day, 12) as hour_of_day,
    date_diff('day', users.signup_ts, exposed.exposed_at) as days_since_signup,
    history.sessions_before,
    history.views_before,
    history.searches_before,
    history.carts_before,
    history.abandoned_before,
    history.orders_before,
    history.revenue_before
from exposed
join users on exposed.user_id = users.user_id
join history on exposed.user_id = history.user_id
left join arrival on exposed.user_id = arrival.user_id
order by exposed.user_id
