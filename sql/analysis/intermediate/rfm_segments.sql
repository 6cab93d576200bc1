-- question: Who are the buyers, by recency, frequency and money?
-- grain: RFM segment
-- technique: quintiles with equal scores for equal buyers (rank and count over ties), rules as one case
--   expression, shares of window totals
-- keys: segment
-- nulls: revenue_per_customer, revenue, revenue_share
-- columns:
--   segment: named by rules on the three scores; needs revenue to tell Champions from Loyal
--   mean_days_since_order: mean days since the last order
--   mean_orders: orders a customer
-- meaning: {{ argmax.revenue_share.segment }} are {{ argmax.revenue_share.customer_share | share }} of buyers
--   and bring {{ max.revenue_share | share }} of revenue, the most of any segment;
--   {{ argmax.customers.segment }} is the largest group ({{ max.customer_share | share }} of buyers).

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
        customers.n_orders,
        customers.revenue,
        date_diff('day', customers.last_order_ts::date, period.last_day) as days_since_order
    from customers
    cross join period
    where customers.n_orders > 0
),

middles as (
    select
        *,
        count(*) over () as buyers,
        -- Equal buyers share the mean of their ranks, so they share the score.
        rank() over (order by days_since_order desc)
        + (count(*) over (partition by days_since_order) - 1) / 2 as recency_rank,
        rank() over (order by n_orders) + (count(*) over (partition by n_orders) - 1) / 2 as frequency_rank,
        case
            when revenue is not null
                then rank() over (order by revenue) + (count(*) over (partition by revenue) - 1) / 2
        end as money_rank
    from buyers
),

scored as (
    select
        n_orders,
        revenue,
        days_since_order,
        ceil(5 * recency_rank / buyers) as recency_score,
        ceil(5 * frequency_rank / buyers) as frequency_score,
        ceil(5 * money_rank / buyers) as money_score
    from middles
),

segmented as (
    select
        *,
        case
            when n_orders = 1 and recency_score >= 4 then 'New'
            when n_orders = 1 and recency_score <= 2 then 'Lost'
            when recency_score >= 4 and frequency_score >= 4 and money_score >= 4 then 'Champions'
            when recency_score >= 3 and frequency_score >= 4 then 'Loyal'
            when frequency_score >= 4 then 'At Risk'
            when recency_score >= 4 then 'Promising'
            when recency_score = 3 then 'Needs Attention'
            else 'Hibernating'
        end as segment
    from scored
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
