-- question: Who is each customer, and what have they done so far?
-- grain: registered user, with or without a session, and per user seen but not registered
-- technique: sessions and orders are aggregated apart and then joined, so that neither multiplies the other
-- keys: user_id
-- nulls: signup_ts, first_seen, last_seen, revenue, first_order_ts, last_order_ts
-- columns:
--   first_seen: start of the first session
--   last_seen: end of the last session
--   n_sessions: sessions so far
--   n_orders: orders so far
--   revenue: net revenue of all orders, EUR
--   first_order_ts: when the first order was placed
--   last_order_ts: when the last order was placed

create or replace table marts.customers as

with

users as (
    select * from staging.users
),

sessions as (
    select * from marts.sessions
),

orders as (
    select * from marts.orders
),

recorded as (
    select has_revenue from marts.recorded
),

visits as (
    select
        user_id,
        min(session_start) as first_seen,
        max(session_end) as last_seen,
        count(*) as n_sessions
    from sessions
    group by user_id
),

purchases as (
    select
        user_id,
        count(*) as n_orders,
        if(count(net_revenue) = count(*), sum(net_revenue::decimal(18, 6)), null)::double as revenue,
        min(order_ts) as first_order_ts,
        max(order_ts) as last_order_ts
    from orders
    group by user_id
)

select
    user_id,
    coalesce(users.country, 'unknown') as country,
    coalesce(users.age_band, 'unknown') as age_band,
    coalesce(users.device_preference, 'unknown') as device_preference,
    coalesce(users.acquisition_channel, 'unknown') as acquisition_channel,
    users.signup_ts,
    visits.first_seen,
    visits.last_seen,
    coalesce(visits.n_sessions, 0) as n_sessions,
    coalesce(purchases.n_orders, 0) as n_orders,
    case when recorded.has_revenue then if(purchases.user_id is null, 0, purchases.revenue) end as revenue,
    purchases.first_order_ts,
    purchases.last_order_ts
from users
full join visits using (user_id)
cross join recorded
left join purchases using (user_id)
order by user_id
