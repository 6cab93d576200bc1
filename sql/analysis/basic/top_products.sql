-- question: Which products bring the most revenue?
-- grain: product (the best n)
-- technique: join, group by, order by with limit, share of a window total
-- parameters: n = 20
-- keys: item_id
-- nulls: list_price, revenue, revenue_share
-- columns:
--   list_price: list price, EUR
--   orders: orders that hold the product
-- meaning: The best {{ rows }} products bring {{ sum.revenue_share | share }} of all revenue; the first,
--   product {{ first.item_id }} ({{ first.category }}), alone brings {{ first.revenue | eur }} from
--   {{ first.units }} units.

with

order_lines as (
    select * from marts.order_lines
),

items as (
    select * from staging.items
)

select
    items.item_id,
    items.category,
    items.brand,
    items.price as list_price,
    count(distinct order_lines.order_id) as orders,
    sum(order_lines.quantity) as units,
    sum(order_lines.net_revenue::decimal(18, 6)) as revenue,
    sum(order_lines.net_revenue::decimal(18, 6))
        / sum(sum(order_lines.net_revenue::decimal(18, 6))) over () as revenue_share
from order_lines
join items on order_lines.item_id = items.item_id
group by items.item_id, items.category, items.brand, items.price
order by revenue desc, items.item_id
limit $n
