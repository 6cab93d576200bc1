-- question: Who ordered when, and for how much?
-- grain: order of a known customer with known revenue
-- technique: a plain selection
-- keys: none

select user_id, order_ts, net_revenue
from marts.orders
where user_id is not null and net_revenue is not null
order by order_id
