-- question: Which paths through the shop are most common, and which of them end in an order?
-- grain: path of event types with repeats collapsed (the n most common)
-- technique: lag to collapse repeats, ordered string aggregation
-- parameters: n = 25
-- keys: path
-- columns:
--   path: event types in order, repeats collapsed
--   steps: event types in the path
-- meaning: The most common path is "{{ first.path }}" ({{ first.session_share | share }} of sessions); the
--   {{ rows }} most common cover {{ sum.session_share | share }}.

with

events as (
    select * from staging.events
),

sessions as (
    select * from marts.sessions
),

steps as (
    select
        session_id,
        event_id,
        ts,
        event_type,
        lag(event_type) over (partition by session_id order by ts, event_id) as previous_type
    from events
),

paths as (
    select
        session_id,
        string_agg(event_type, ' > ' order by ts, event_id) as path,
        count(*) as steps
    from steps
    where previous_type is null or event_type <> previous_type
    group by session_id
)

select
    paths.path,
    paths.steps,
    count(*) as sessions,
    count(*) / sum(count(*)) over () as session_share,
    count(*) filter (where sessions.converted) as conversions,
    count(*) filter (where sessions.converted) / count(*) as conversion_rate
from paths
join sessions on paths.session_id = sessions.session_id
group by paths.path, paths.steps
order by sessions desc, paths.path
limit $n
