-- question: What did each order bring?
-- grain: order
-- technique: an aggregate over its lines; money is added up as decimals, so that the sum does not depend on
--   the order of the rows. Revenue is null where the price of a line is not known
-- keys: order_id
-- nulls: gross_revenue, net_revenue
-- columns:
--   n_lines: lines of the order
--   quantity: units of all lines
--   gross_revenue: quantity times list price of all lines, EUR
--   net_revenue: the same less the discounts, EUR

create or replace table marts.orders as

with

order_lines as (
    select * from marts.order_lines
),

purchases as (
    select event_id, device, channel from staging.events
    where event_type = 'purchase'
),

orders as (
    select
        order_id,
        session_id,
        user_id,
        order_ts,
        count(*) as n_lines,
        sum(quantity)::bigint as quantity,
        count(unit_price) as n_priced_lines,
        sum((quantity * unit_price)::decimal(18, 6))::double as gross_revenue,
        sum(net_revenue::decimal(18, 6))::double as net_revenue
    from order_lines
    group by order_id, session_id, user_id, order_ts
)

select
    orders.order_id,
    orders.session_id,
    orders.user_id,
    orders.order_ts,
    orders.n_lines,
    orders.quantity,
    if(orders.n_priced_lines = orders.n_lines, orders.gross_revenue, null) as gross_revenue,
    if(orders.n_priced_lines = orders.n_lines, orders.net_revenue, null) as net_revenue,
    purchases.device,
    purchases.channel
from orders
join purchases on purchases.event_id = orders.order_id
order by orders.order_id
