-- question: Which driver moved each week's revenue: visitors, visits, conversion, orders or order value?
-- grain: week (Monday)
-- technique: aggregation at two grains, a product of ratios that telescopes to revenue
-- keys: week
-- nulls: orders_per_converting_session, average_order_value, revenue
-- columns:
--   days: days of the week with a session
--   sessions_per_visitor: sessions over visitors
--   orders_per_converting_session: orders over sessions that buy
-- meaning: Of the whole weeks, revenue was highest in that of {{ where(days=7).argmax.revenue.week }}
--   ({{ where(days=7).max.revenue | eur }}), when
--   {{ where(days=7).argmax.revenue.conversion_rate | share(2) }} of sessions bought at
--   {{ where(days=7).argmax.revenue.average_order_value | eur(2) }} an order, and lowest in that of
--   {{ where(days=7).argmin.revenue.week }} ({{ where(days=7).min.revenue | eur }}).

with

sessions as (
    select * from marts.sessions
),

orders as (
    select * from marts.orders
),

recorded as (
    select * from marts.recorded
),

weekly_sessions as (
    select
        date_trunc('week', session_start)::date as week,
        count(distinct session_start::date) as days,
        count(distinct user_id) as visitors,
        count(*) as sessions,
        count(*) filter (where converted) as converting_sessions
    from sessions
    group by date_trunc('week', session_start)::date
),

weekly_orders as (
    select
        date_trunc('week', sessions.session_start)::date as week,
        count(*) as orders,
        sum(orders.net_revenue::decimal(18, 6)) as revenue
    from orders
    join sessions on orders.session_id = sessions.session_id
    group by date_trunc('week', sessions.session_start)::date
)

select
    weekly_sessions.week,
    weekly_sessions.days,
    weekly_sessions.visitors,
    weekly_sessions.sessions / weekly_sessions.visitors as sessions_per_visitor,
    weekly_sessions.converting_sessions / weekly_sessions.sessions as conversion_rate,
    weekly_orders.orders / weekly_sessions.converting_sessions as orders_per_converting_session,
    weekly_orders.revenue / weekly_orders.orders as average_order_value,
    case
        when weekly_orders.orders > 0 then weekly_orders.revenue
        when recorded.has_revenue then 0
    end as revenue
from weekly_sessions
cross join recorded
left join weekly_orders on weekly_sessions.week = weekly_orders.week
order by weekly_sessions.week
