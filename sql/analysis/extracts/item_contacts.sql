-- question: Which customer viewed, carted or bought which item, and when?
-- grain: clean event about an item
-- technique: order by time with a unique tie-break
-- keys: none

select user_id, item_id, event_type, ts
from staging.events
where event_type in ('view', 'add_to_cart', 'purchase') and item_id is not null
order by ts, event_id
