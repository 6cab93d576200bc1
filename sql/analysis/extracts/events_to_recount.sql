-- question: What does a recount of every metric outside the database need?
-- grain: clean event
-- technique: a plain selection
-- keys: event_id
-- nulls: unit_price, discount_pct

select event_id, ts, user_id, event_type, quantity, unit_price, discount_pct
from staging.events
