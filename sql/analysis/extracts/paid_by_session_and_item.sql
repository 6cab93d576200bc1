-- question: What did each session pay for each item?
-- grain: session and item bought in it
-- technique: group by
-- keys: session_id, item_id
-- nulls: item_id, paid
-- columns:
--   paid: net revenue, EUR

select session_id, item_id, sum(net_revenue) as paid
from marts.order_lines
group by session_id, item_id
