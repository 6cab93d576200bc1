-- question: Which weekend stands out, and is it more visitors, a higher conversion or a larger basket?
-- grain: weekend with both days (Saturday)
-- technique: comparison with the average of the other rows by window sums
-- keys: weekend
-- nulls: revenue, mean_discount_pct, conversion_ratio, order_value_ratio, revenue_ratio
-- columns:
--   weekend: Saturday of the weekend
--   mean_discount_pct: mean of the largest discount shown
--   sessions_ratio: sessions over the mean of the other weekends
--   conversion_ratio: conversion over that of the other weekends
--   order_value_ratio: revenue of a buying session over that of the other weekends
--   revenue_ratio: revenue over the mean of the other weekends
-- meaning: The weekend of {{ first.weekend }} brought {{ first.revenue | eur }},
--   {{ first.revenue_ratio | ratio(2) }} times the average of the other weekends:
--   {{ first.sessions_ratio | ratio(2) }} times the sessions, {{ first.conversion_ratio | ratio(2) }} times
--   the conversion and {{ first.order_value_ratio | ratio(2) }} times the revenue of a buying session.

with

sessions as (
    select * from marts.sessions
),

weekend_sessions as (
    select
        case extract(isodow from session_start)
            when 6 then session_start::date
            else (session_start::date - interval '1 day')::date
        end as weekend,
        extract(isodow from session_start) as weekday_number,
        converted,
        revenue,
        discount_pct
    from sessions
    where extract(isodow from session_start) in (6, 7)
),

weekends as (
    select
        weekend,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        sum(revenue::decimal(18, 6)) as revenue,
        avg(discount_pct) as mean_discount_pct
    from weekend_sessions
    group by weekend
    having count(distinct weekday_number) = 2
),

others as (
    select
        *,
        sum(sessions) over () - sessions as other_sessions,
        sum(conversions) over () - conversions as other_conversions,
        sum(revenue) over () - revenue as other_revenue,
        count(*) over () - 1 as other_weekends
    from weekends
)

select
    weekend,
    sessions,
    conversions,
    conversions / sessions as conversion_rate,
    revenue,
    mean_discount_pct,
    sessions / nullif(other_sessions / nullif(other_weekends, 0), 0) as sessions_ratio,
    (conversions / sessions) / nullif(other_conversions / nullif(other_sessions, 0), 0) as conversion_ratio,
    (revenue / nullif(conversions, 0)) / nullif(other_revenue / nullif(other_conversions, 0), 0)
        as order_value_ratio,
    revenue / nullif(other_revenue / nullif(other_weekends, 0), 0) as revenue_ratio
from others
order by revenue desc, weekend
