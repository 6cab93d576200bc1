-- question: How many sessions, orders and euros did each day bring?
-- grain: day (UTC)
-- technique: two aggregates joined on the day
-- keys: day
-- nulls: revenue, average_order_value
-- meaning: A day brings {{ mean.sessions | count }} sessions and {{ mean.revenue | eur }} on average; the
--   best was {{ argmax.revenue.day }} with {{ max.revenue | eur }}.

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

daily_sessions as (
    select
        session_start::date as day,
        count(*) as sessions,
        count(distinct user_id) as visitors,
        count(*) filter (where converted) as converting_sessions
    from sessions
    group by session_start::date
),

daily_orders as (
    select
        order_ts::date as day,
        count(*) as orders,
        sum(net_revenue::decimal(18, 6)) as revenue
    from orders
    group by order_ts::date
)

select
    daily_sessions.day,
    daily_sessions.visitors,
    daily_sessions.sessions,
    daily_sessions.converting_sessions,
    daily_sessions.converting_sessions / daily_sessions.sessions as conversion_rate,
    coalesce(daily_orders.orders, 0) as orders,
    case
        when daily_orders.orders > 0 then daily_orders.revenue
        when recorded.has_revenue then 0
    end as revenue,
    daily_orders.revenue / daily_orders.orders as average_order_value
from daily_sessions
cross join recorded
left join daily_orders on daily_sessions.day = daily_orders.day
order by daily_sessions.day
