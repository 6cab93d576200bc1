-- question: Who ordered when, and for how much, where that is known?
-- grain: order of a known customer
-- technique: a plain selection
-- keys: none
-- nulls: net_revenue

select user_id, order_ts, net_revenue
from marts.orders
where user_id is not null
order by order_id
