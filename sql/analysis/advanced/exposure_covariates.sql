-- question: What was known about each user when free shipping was assigned?
-- grain: user of the free-shipping experiment
-- tables: staging.exposures, staging.users, marts.sessions
-- level: advanced
-- technique: as-of join to the session of exposure, aggregates over the sessions before it
-- keys: user_id
-- meaning: {count} users; {where.treated=1.count} of them were assigned free shipping.

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

exposed as (

    select
        user_id,
        min(variant) as variant,
        min(ts) as exposed_at
    from exposures
    where
        experiment = 'free_shipping'
    group by
        user_id
    having
        count(distinct variant) = 1

),

arrival as (

    select
        exposed.user_id,
        sessions.channel,
        sessions.device,
        sessions.discount_pct,
        extract(hour from exposed.exposed_at) as hour_of_day
    from exposed
    asof inner join sessions
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
            when count(sessions.session_id) = count(sessions.revenue) then round(coalesce(sum(sessions.revenue), 0), 2)
        end as revenue_before
    from exposed
    left join sessions
        on exposed.user_id = sessions.user_id
        and sessions.session_end < exposed.exposed_at
    group by
        exposed.user_id

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
inner join users
    on exposed.user_id = users.user_id
inner join history
    on exposed.user_id = history.user_id
left join arrival
    on exposed.user_id = arrival.user_id
order by
    exposed.user_id
