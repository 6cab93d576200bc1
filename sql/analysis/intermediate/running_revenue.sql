-- question: How does revenue add up, and what is its trend once the weekly rhythm is smoothed away?
-- grain: day (UTC)
-- technique: running total, moving average over a row frame, lag against the same weekday
-- keys: day
-- nulls: revenue, running_revenue, revenue_7_day_average, change_on_last_week
-- columns:
--   running_revenue: revenue up to and with the day, EUR
--   revenue_7_day_average: mean of the day and the six before it, EUR
--   change_on_last_week: revenue over that of the same weekday a week before, less 1
-- meaning: By {{ last.day }} revenue adds up to {{ last.running_revenue | eur }}; the seven-day average
--   ranges from {{ min.revenue_7_day_average | eur }} to {{ max.revenue_7_day_average | eur }} a day and ends
--   at {{ last.revenue_7_day_average | eur }}.

with

orders as (
    select * from marts.orders
),

sessions as (
    select * from marts.sessions
),

recorded as (
    select * from marts.recorded
),

days as (
    select distinct session_start::date as day
    from sessions
),

order_days as (
    select
        order_ts::date as day,
        count(*) as orders,
        sum(net_revenue::decimal(18, 6)) as revenue
    from orders
    group by order_ts::date
),

daily as (
    select
        days.day,
        coalesce(order_days.orders, 0) as orders,
        case
            when order_days.orders > 0 then order_days.revenue
            when recorded.has_revenue then 0
        end as revenue
    from days
    cross join recorded
    left join order_days on days.day = order_days.day
)

select
    day,
    orders,
    revenue,
    sum(revenue) over (order by day rows between unbounded preceding and current row) as running_revenue,
    case
        when row_number() over (order by day) >= 7
            then avg(revenue) over (order by day rows between 6 preceding and current row)
    end as revenue_7_day_average,
    revenue / nullif(lag(revenue, 7) over (order by day), 0) - 1 as change_on_last_week
from daily
order by day
