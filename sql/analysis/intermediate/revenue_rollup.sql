-- question: How is revenue split over categories and devices, with every subtotal?
-- grain: category x device, with subtotals
-- technique: rollup, grouping to label subtotals
-- keys: category, device
-- nulls: revenue
-- columns:
--   level: total, category, or category and device
--   category: category, or 'all categories'
--   device: device of the order, or 'all devices'
-- meaning: All orders bring {{ where(level='total').revenue | eur }};
--   {{ where(level='category').argmax.revenue.category }} is the largest category with
--   {{ where(level='category').max.revenue | eur }}.

with

orders as (
    select * from marts.orders
),

order_lines as (
    select * from marts.order_lines
),

joined as (
    select
        order_lines.category,
        orders.device,
        order_lines.order_id,
        order_lines.quantity,
        order_lines.net_revenue
    from order_lines
    join orders on order_lines.order_id = orders.order_id
),

totals as (
    select
        case
            when grouping(category) = 1 then 'total'
            when grouping(device) = 1 then 'category'
            else 'category and device'
        end as level,
        case when grouping(category) = 1 then 'all categories' else category end as category,
        case when grouping(device) = 1 then 'all devices' else device end as device,
        count(distinct order_id) as orders,
        coalesce(sum(quantity), 0) as units,
        case when count(*) = 0 then 0 else sum(net_revenue::decimal(18, 6)) end as revenue
    from joined
    group by rollup (category, device)
)

select * from totals
order by category, device
