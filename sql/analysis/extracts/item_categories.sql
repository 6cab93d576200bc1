-- question: Which category is each item of?
-- grain: item
-- technique: a plain selection
-- keys: item_id

select item_id, category
from staging.items
order by item_id
