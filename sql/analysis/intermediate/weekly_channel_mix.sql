-- question: How does the mix of channels change from week to week?
-- grain: week (Monday) x channel
-- technique: share within a partition, lag within a partition
-- keys: week, channel
-- nulls: share_change
-- columns:
--   session_share: share of the sessions of the week
--   share_change: the share less that of the channel's week before
-- meaning: The largest weekly gain of share was {{ argmax.share_change.channel }} in the week of
--   {{ argmax.share_change.week }}: {{ max.share_change | points }}, to
--   {{ argmax.share_change.session_share | share }} of sessions.

with

sessions as (
    select * from marts.sessions
),

weekly as (
    select
        date_trunc('week', session_start)::date as week,
        channel,
        count(*) as sessions,
        count(*) filter (where converted) / count(*) as conversion_rate
    from sessions
    group by date_trunc('week', session_start)::date, channel
),

shares as (
    select
        week,
        channel,
        sessions,
        sessions / sum(sessions) over (partition by week) as session_share,
        conversion_rate
    from weekly
)

select
    week,
    channel,
    sessions,
    session_share,
    session_share - lag(session_share) over (partition by channel order by week) as share_change,
    conversion_rate
from shares
order by week, channel
