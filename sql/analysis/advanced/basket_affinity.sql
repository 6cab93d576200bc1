-- question: Which categories are bought together more often than chance?
-- grain: pair of categories (first name before second)
-- technique: self join on the order, support, confidence and lift
-- parameters: min_orders = 5
-- keys: category_a, category_b
-- columns:
--   category_a: first category by name
--   category_b: second category
--   orders_with_both: orders that hold both
--   orders_with_a: orders that hold the first
--   orders_with_b: orders that hold the second
--   support: share of all orders that hold both
--   confidence_a_to_b: share of orders with the first that hold the second
--   confidence_b_to_a: share of orders with the second that hold the first
-- meaning: {{ first.category_a }} and {{ first.category_b }} go together most: {{ first.orders_with_both }}
--   orders hold both, {{ first.lift | ratio(2) }} times as many as if they were independent.

with

order_lines as (
    select * from marts.order_lines
),

baskets as (
    select distinct
        order_id,
        category
    from order_lines
),

totals as (
    select count(distinct order_id) as all_orders
    from baskets
),

category_orders as (
    select
        category,
        count(*) as orders
    from baskets
    group by category
),

pairs as (
    select
        first_baskets.category as category_a,
        second_baskets.category as category_b,
        count(*) as orders_with_both
    from baskets as first_baskets
    join baskets as second_baskets
        on first_baskets.order_id = second_baskets.order_id
        and first_baskets.category < second_baskets.category
    group by first_baskets.category, second_baskets.category
)

select
    pairs.category_a,
    pairs.category_b,
    pairs.orders_with_both,
    orders_a.orders as orders_with_a,
    orders_b.orders as orders_with_b,
    pairs.orders_with_both / totals.all_orders as support,
    pairs.orders_with_both / orders_a.orders as confidence_a_to_b,
    pairs.orders_with_both / orders_b.orders as confidence_b_to_a,
    pairs.orders_with_both * totals.all_orders / (orders_a.orders * orders_b.orders) as lift
from pairs
join category_orders as orders_a on pairs.category_a = orders_a.category
join category_orders as orders_b on pairs.category_b = orders_b.category
cross join totals
where pairs.orders_with_both >= $min_orders
order by lift desc, pairs.category_a, pairs.category_b
