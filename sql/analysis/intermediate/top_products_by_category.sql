-- question: Which products lead each category?
-- grain: category x rank
-- technique: row_number within a group, qualify
-- parameters: n = 3
-- keys: category, place
-- nulls: revenue, share_of_category
-- columns:
--   place: rank within the category by revenue
--   share_of_category: share of the category's revenue
-- meaning: Product {{ argmax.revenue.item_id }} leads {{ argmax.revenue.category }} with
--   {{ max.revenue | eur }}, the most of any product; it alone is
--   {{ argmax.revenue.share_of_category | share }} of its category.

with

order_lines as (
    select * from marts.order_lines
),

products as (
    select
        category,
        item_id,
        sum(quantity) as units,
        sum(net_revenue::decimal(18, 6)) as revenue
    from order_lines
    group by category, item_id
)

select
    category,
    row_number() over (partition by category order by revenue desc, item_id) as place,
    item_id,
    units,
    revenue,
    revenue / nullif(sum(revenue) over (partition by category), 0) as share_of_category
from products
qualify
    row_number() over (partition by category order by revenue desc, item_id) <= $n
order by category, place
