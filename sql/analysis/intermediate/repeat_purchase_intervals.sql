-- question: How long does a customer wait before ordering again?
-- grain: order number of the later order (5 stands for the fifth and later)
-- technique: lag and row_number within a customer, median
-- keys: order_number
-- columns:
--   order_number: which order of its user ends the wait, 5 for the fifth and later
--   intervals: waits
--   mean_days: mean days of waiting
--   median_days: median days of waiting
--   within_7_days_share: share of waits of at most 7 days
--   within_30_days_share: share of waits of at most 30 days
-- meaning: {{ first.intervals }} customers order a second time, after {{ first.median_days | days }} at the
--   median; {{ first.within_7_days_share | share }} of these second orders come within a week.

with

orders as (
    select * from marts.orders
),

numbered as (
    select
        user_id,
        row_number() over (partition by user_id order by order_ts, order_id) as order_number,
        date_diff(
            'second',
            lag(order_ts) over (partition by user_id order by order_ts, order_id),
            order_ts
        ) / 86400 as days_since_previous
    from orders
)

select
    least(order_number, 5) as order_number,
    count(*) as intervals,
    count(distinct user_id) as customers,
    avg(days_since_previous) as mean_days,
    median(days_since_previous) as median_days,
    count(*) filter (where days_since_previous <= 7) / count(*) as within_7_days_share,
    count(*) filter (where days_since_previous <= 30) / count(*) as within_30_days_share
from numbered
where order_number > 1
group by least(order_number, 5)
order by order_number
