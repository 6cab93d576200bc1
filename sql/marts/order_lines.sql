-- Question:  what was bought, at which price?
-- Grain:     one row per line of an order; an order is what one user bought at one moment. Two lines of one item
--            are an order of two
-- Technique: a window names every line after the smallest event of its order
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
    purchases.quantity * purchases.unit_price * (1 - coalesce(purchases.discount_pct, 0) / 100) as net_revenue,
from purchases
left join items using (item_id)
order by order_id, line_number
