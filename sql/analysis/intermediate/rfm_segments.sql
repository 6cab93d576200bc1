-- question: Who are the buyers, by recency, frequency and money?
-- grain: RFM segment
-- technique: ntile scores, rules as one case expression, shares of window totals
-- keys: segment
-- nulls: revenue_per_customer, revenue, revenue_share
-- columns:
--   segment: Champions, Loyal, At Risk, New or Lost
--   mean_days_since_order: mean days since the last order
--   mean_orders: orders a customer
-- meaning: {argmax.revenue_share.segment} are {argmax.revenue_share.customer_share:share} of buyers and
--   bring {max.revenue_share:share} of revenue, the most of any segment; {argmax.customers.segment} is the
--   largest group ({max.customer_share:share} of buyers).

with

customers as (
    select * from marts.customers
),

period as (
    select max(last_seen::date) as last_day
    from customers
),

buyers as (
    select
        customers.user_id,
        customers.n_orders,
        customers.revenue,
        date_diff('day', customers.last_order_ts::date, period.last_day) as days_since_order,
        ntile(5) over (order by customers.last_order_ts, customers.user_id) as recency_score,
        case
            when customers.revenue is not null then ntile(5) over (
                partition by customers.revenue is null
                order by customers.revenue, customers.user_id
            )
        end as money_score
    from customers
    cross join period
    where customers.n_orders > 0
),

segmented as (
    select
        *,
        case
            when n_orders >= 2 and recency_score >= 4 and money_score >= 4 then 'Champions'
            when n_orders >= 2 and recency_score >= 3 then 'Loyal'
            when n_orders >= 2 then 'At Risk'
            when recency_score >= 3 then 'New'
            else 'Lost'
        end as segment
    from buyers
)

select
    segment,
    count(*) as customers,
    count(*) / sum(count(*)) over () as customer_share,
    avg(days_since_order) as mean_days_since_order,
    avg(n_orders) as mean_orders,
    sum(revenue::decimal(18, 6)) / count(*) as revenue_per_customer,
    sum(revenue::decimal(18, 6)) as revenue,
    sum(revenue::decimal(18, 6)) / sum(sum(revenue::decimal(18, 6))) over () as revenue_share
from segmented
group by segment
order by revenue desc, segment
