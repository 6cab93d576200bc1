-- question: On which days was revenue far from what that weekday usually brings?
-- grain: day (UTC)
-- technique: robust z-score per weekday (median and median absolute deviation)
-- keys: day
-- nulls: revenue, usual_revenue, robust_z
-- columns:
--   usual_revenue: median revenue of that weekday, EUR
--   robust_z: distance from it in robust standard deviations
-- meaning: {{ argmax.robust_z.day }} stands out most: {{ argmax.robust_z.revenue | eur }} against a usual
--   {{ argmax.robust_z.usual_revenue | eur }} on that weekday, {{ max.robust_z | ratio(1) }} robust standard
--   deviations above it.

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

session_days as (
    select
        session_start::date as day,
        count(*) as sessions
    from sessions
    group by session_start::date
),

order_days as (
    select
        order_ts::date as day,
        count(*) as orders,
        sum(net_revenue::decimal(18, 6)) as revenue
    from orders
    group by order_ts::date
),

days as (
    select
        session_days.day,
        extract(isodow from session_days.day)::integer as weekday_number,
        session_days.sessions,
        case
            when order_days.orders > 0 then order_days.revenue
            when recorded.has_revenue then 0
        end as revenue
    from session_days
    cross join recorded
    left join order_days on session_days.day = order_days.day
),

medians as (
    select
        weekday_number,
        median(revenue) as usual_revenue
    from days
    group by weekday_number
),

deviations as (
    select
        days.weekday_number,
        median(abs(days.revenue - medians.usual_revenue)) as median_deviation
    from days
    join medians on days.weekday_number = medians.weekday_number
    group by days.weekday_number
)

select
    days.day,
    days.weekday_number,
    days.sessions,
    days.revenue,
    medians.usual_revenue,
    (days.revenue - medians.usual_revenue) / nullif(1.4826 * deviations.median_deviation, 0) as robust_z
from days
join medians on days.weekday_number = medians.weekday_number
join deviations on days.weekday_number = deviations.weekday_number
order by days.day
