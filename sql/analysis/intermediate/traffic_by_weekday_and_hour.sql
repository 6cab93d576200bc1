-- question: When in the week is the shop busy, and when does it sell?
-- grain: weekday x hour of the session's start (UTC)
-- technique: date parts, share and rank over the whole result
-- keys: weekday_number, hour_of_day
-- nulls: revenue_per_session
-- columns:
--   busy_rank: rank among the hours of the week by sessions
-- meaning: The busiest hour of the week, weekday {{ argmax.sessions.weekday_number }} (1 is Monday) at
--   {{ argmax.sessions.hour_of_day }}:00, has {{ max.session_share | share(2) }} of all sessions.

with

sessions as (
    select * from marts.sessions
),

slots as (
    select
        extract(isodow from session_start)::integer as weekday_number,
        extract(hour from session_start)::integer as hour_of_day,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        sum(revenue::decimal(18, 6)) as revenue
    from sessions
    group by extract(isodow from session_start)::integer, extract(hour from session_start)::integer
)

select
    weekday_number,
    hour_of_day,
    sessions,
    sessions / sum(sessions) over () as session_share,
    rank() over (order by sessions desc) as busy_rank,
    conversions,
    conversions / sessions as conversion_rate,
    revenue / sessions as revenue_per_session
from slots
order by weekday_number, hour_of_day
