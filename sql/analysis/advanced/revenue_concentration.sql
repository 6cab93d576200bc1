-- question: What share of revenue comes from the best tenth of buyers?
-- grain: decile of buyers by revenue (1 spends most)
-- technique: ntile with a unique tie-break, cumulative share (Lorenz curve)
-- keys: decile
-- columns:
--   decile: tenth of the buyers by revenue, 1 spends most
--   smallest_revenue: smallest revenue of a buyer in it, EUR
--   largest_revenue: largest revenue of a buyer in it, EUR
--   cumulative_share: share of all revenue up to here
-- meaning: The best tenth of buyers bring {{ first.revenue_share | share }} of revenue, the best half
--   {{ where(decile=5).cumulative_share | share }}.

with

customers as (
    select * from marts.customers
),

ranked as (
    select
        n_orders,
        revenue,
        ntile(10) over (order by revenue desc, user_id) as decile
    from customers
    where n_orders > 0 and revenue is not null
),

deciles as (
    select
        decile,
        count(*) as customers,
        sum(n_orders) as orders,
        min(revenue) as smallest_revenue,
        max(revenue) as largest_revenue,
        sum(revenue::decimal(18, 6)) as revenue
    from ranked
    group by decile
)

select
    *,
    revenue / sum(revenue) over () as revenue_share,
    sum(revenue) over (order by decile rows between unbounded preceding and current row)
        / sum(revenue) over () as cumulative_share
from deciles
order by decile
