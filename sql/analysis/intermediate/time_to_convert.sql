-- question: How long after the start of a session is the order placed?
-- grain: device
-- technique: date_diff between steps, ordered-set percentiles
-- keys: device
-- columns:
--   buying_sessions: sessions with a purchase
--   quarter_minutes: minutes to the first purchase: lower quartile
--   median_minutes: median
--   three_quarter_minutes: upper quartile
--   ninety_percent_minutes: ninth decile
-- meaning: Half of the buying sessions order within {{ argmin.median_minutes.median_minutes | minutes }} on
--   {{ argmin.median_minutes.device }}, the quickest device, and within {{ max.median_minutes | minutes }} on
--   {{ argmax.median_minutes.device }}.

with

sessions as (
    select * from marts.sessions
),

session_funnels as (
    select * from marts.session_funnels
),

lags as (
    select
        sessions.device,
        date_diff('second', sessions.session_start, session_funnels.bought_at) / 60 as minutes
    from sessions
    join session_funnels on sessions.session_id = session_funnels.session_id
    where session_funnels.bought_at is not null
)

select
    device,
    count(*) as buying_sessions,
    percentile_cont(0.25) within group (order by minutes) as quarter_minutes,
    percentile_cont(0.5) within group (order by minutes) as median_minutes,
    percentile_cont(0.75) within group (order by minutes) as three_quarter_minutes,
    percentile_cont(0.9) within group (order by minutes) as ninety_percent_minutes
from lags
group by device
order by device
