-- question: What do visitors do, and in how many sessions?
-- grain: event type
-- technique: group by, share of a window total
-- keys: event_type
-- columns:
--   events: events of the type
--   event_share: their share of all events
--   sessions: sessions with one
--   users: users with one
-- meaning: {{ argmax.events.event_type }} makes up {{ max.event_share | share }} of {{ sum.events }} clean
--   events; {{ argmin.events.event_type }} is the rarest ({{ min.event_share | share(2) }}).

with

events as (
    select * from staging.events
)

select
    event_type,
    count(*) as events,
    count(*) / sum(count(*)) over () as event_share,
    count(distinct session_id) as sessions,
    count(distinct user_id) as users
from events
group by event_type
order by events desc, event_type
