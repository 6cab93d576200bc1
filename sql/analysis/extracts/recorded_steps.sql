-- question: Which steps and which money does this store record?
-- grain: one row
-- technique: a plain selection
-- keys: none

select has_views, has_carts, has_checkouts, has_revenue, has_discounts
from marts.recorded
