-- question: How is the shop doing over the whole period?
-- grain: the whole period (one row)
-- technique: conditional aggregation with filter, cross join of two one-row totals
-- keys: none
-- nulls: revenue, average_order_value, revenue_per_session, cart_abandonment_rate
-- columns:
--   first_day: first day with a session
--   last_day: last day with a session
--   users: users with a session
--   buyers: users with an order
--   bounce_rate: share of sessions with one event
--   cart_rate: share of sessions with a cart
--   cart_abandonment_rate: share of sessions with a cart that do not buy
-- meaning: Between {{ first.first_day }} and {{ first.last_day }}, {{ first.sessions }} sessions brought
--   {{ first.orders }} orders and {{ first.revenue | eur }}: {{ first.conversion_rate | share(2) }} of
--   sessions buy, an order is worth {{ first.average_order_value | eur(2) }} and a session
--   {{ first.revenue_per_session | eur(2) }}.

with

sessions as (
    select * from marts.sessions
),

orders as (
    select * from marts.orders
),

session_totals as (
    select
        min(session_start::date) as first_day,
        max(session_start::date) as last_day,
        count(*) as sessions,
        count(distinct user_id) as users,
        count(*) filter (where converted) as converting_sessions,
        count(*) filter (where n_events = 1) as bounced_sessions,
        count(*) filter (where has_cart) as cart_sessions,
        count(*) filter (where has_cart and not converted) as abandoned_cart_sessions
    from sessions
),

order_totals as (
    select
        count(*) as orders,
        count(distinct user_id) as buyers,
        case when count(*) = 0 then 0 else sum(net_revenue::decimal(18, 6)) end as revenue
    from orders
)

select
    session_totals.first_day,
    session_totals.last_day,
    session_totals.sessions,
    session_totals.users,
    order_totals.buyers,
    order_totals.orders,
    order_totals.revenue,
    session_totals.converting_sessions,
    session_totals.converting_sessions / session_totals.sessions as conversion_rate,
    order_totals.revenue / nullif(order_totals.orders, 0) as average_order_value,
    order_totals.revenue / session_totals.sessions as revenue_per_session,
    session_totals.bounced_sessions / session_totals.sessions as bounce_rate,
    session_totals.cart_sessions / session_totals.sessions as cart_rate,
    session_totals.abandoned_cart_sessions / nullif(session_totals.cart_sessions, 0) as cart_abandonment_rate
from session_totals
cross join order_totals
