-- question: How many visitors come back, and do frequent visitors bring the revenue?
-- grain: number of sessions per visitor (5 stands for five or more)
-- technique: bucket with least, shares of window totals
-- keys: sessions_per_customer
-- nulls: revenue, revenue_share
-- columns:
--   sessions_per_customer: sessions of a visitor, 5 for five and more
-- meaning: {{ where(sessions_per_customer=1).customer_share | share }} of visitors came once and bring
--   {{ where(sessions_per_customer=1).revenue_share | share }} of revenue; those with five sessions or more
--   are {{ where(sessions_per_customer=5).customer_share | share }} and bring
--   {{ where(sessions_per_customer=5).revenue_share | share }}.

with

customers as (
    select * from marts.customers
)

select
    least(n_sessions, 5) as sessions_per_customer,
    count(*) as customers,
    count(*) / sum(count(*)) over () as customer_share,
    count(*) filter (where n_orders > 0) / count(*) as buyer_rate,
    sum(revenue::decimal(18, 6)) as revenue,
    sum(revenue::decimal(18, 6)) / nullif(sum(sum(revenue::decimal(18, 6))) over (), 0) as revenue_share
from customers
where n_sessions > 0
group by least(n_sessions, 5)
order by sessions_per_customer
