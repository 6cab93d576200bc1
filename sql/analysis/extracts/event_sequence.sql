-- question: What did each session do, in order?
-- grain: clean event
-- technique: order by the session, then by time with a unique tie-break
-- keys: none

select session_id, event_type
from staging.events
order by session_id, ts, event_id
