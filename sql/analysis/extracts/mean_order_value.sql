-- question: What is an order worth before discounts?
-- grain: all orders (one row)
-- technique: averages over the whole table
-- keys: none
-- nulls: gross
-- columns:
--   gross: mean at list prices, EUR

select avg(gross_revenue) as gross
from marts.orders
