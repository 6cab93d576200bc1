-- question: What has each weekly cohort of first-time buyers spent so far?
-- grain: week (Monday) of the first order
-- technique: min over a partition to tag the cohort, conditional aggregation
-- keys: cohort_week
-- nulls: revenue, revenue_per_customer
-- columns:
--   cohort_week: Monday of the week of the first order
--   customers: users whose first order falls in it
--   repeat_customers: of them, those who have ordered again
--   orders: orders of the cohort so far
--   revenue: net revenue of the cohort so far, EUR
--   repeat_rate: share who have ordered again
-- meaning: The largest cohort, {{ max.customers }} first-time buyers, came in the week of
--   {{ argmax.customers.cohort_week }}; {{ ratio.repeat_customers.customers | share }} of all first-time
--   buyers have ordered again.

with

orders as (
    select * from marts.orders
),

tagged as (
    select
        user_id,
        order_id,
        net_revenue,
        order_ts,
        min(order_ts) over (partition by user_id) as first_order_ts,
        row_number() over (partition by user_id order by order_ts, order_id) as order_number
    from orders
)

select
    date_trunc('week', first_order_ts)::date as cohort_week,
    count(distinct user_id) as customers,
    count(distinct case when order_number > 1 then user_id end) as repeat_customers,
    count(*) as orders,
    sum(net_revenue::decimal(18, 6)) as revenue,
    sum(net_revenue::decimal(18, 6)) / count(distinct user_id) as revenue_per_customer,
    count(distinct case when order_number > 1 then user_id end) / count(distinct user_id) as repeat_rate
from tagged
group by date_trunc('week', first_order_ts)::date
order by cohort_week
