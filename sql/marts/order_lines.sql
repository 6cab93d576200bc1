-- question: What was bought, at which price?
-- grain: line of an order; an order is what one user bought at one moment. Two lines of one
--   item are an order of two
-- technique: a window names every line after the smallest event of its order
-- keys: order_id, line_number
-- nulls: item_id, unit_price, discount_pct, net_revenue
-- columns:
--   order_id: smallest event_id of the order
--   line_number: place of the line in its order, by item
--   order_ts: when the order was placed
--   category: category of the item, 'unknown' where it has none
--   net_revenue: quantity times price less the discount, EUR

create or replace table marts.order_lines as

with

purchases as (
    select * from staging.events
    where event_type = 'purchase'
),

items as (
    select item_id, category from staging.items
)

select
    min(purchases.event_id) over (partition by purchases.user_id, purchases.ts) as order_id,
    row_number() over (
        partition by purchases.user_id, purchases.ts order by purchases.item_id, purchases.event_id
    ) as line_number,
    purchases.session_id,
    purchases.user_id,
    purchases.ts as order_ts,
    purchases.item_id,
    coalesce(items.category, 'unknown') as category,
    purchases.quantity,
    purchases.unit_price,
    purchases.discount_pct,
    purchases.quantity * purchases.unit_price * (1 - coalesce(purchases.discount_pct, 0) / 100) as net_revenue
from purchases
left join items using (item_id)
order by order_id, line_number
