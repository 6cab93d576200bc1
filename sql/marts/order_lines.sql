-- Question:  what was bought, at which price?
-- Grain:     one row per order and item; an order is what one user bought at one moment
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
    purchases.session_id,
    purchases.user_id,
    purchases.ts as order_ts,
    purchases.item_id,
    coalesce(items.category, 'unknown') as category,
    purchases.quantity,
    purchases.unit_price,
    purchases.discount_pct,
    purchases.quantity * purchases.unit_price * (1 - purchases.discount_pct / 100) as net_revenue,
from purchases
left join items using (item_id)
order by order_id, purchases.item_id
