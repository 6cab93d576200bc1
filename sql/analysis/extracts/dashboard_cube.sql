-- question: How did the sessions of each week, device, channel and country go?
-- grain: week, device, channel, country
-- technique: one conditional aggregate of sessions joined with their funnels
-- keys: week, device, channel, country
-- nulls: viewed, carted, checked_out, revenue
-- columns:
--   viewed: sessions with a view
--   carted: that then cart
--   checked_out: that then check out
--   purchased: that then buy, after every step that the store records

with

sessions as (
    select * from marts.sessions
),

session_funnels as (
    select * from marts.session_funnels
),

recorded as (
    select * from marts.recorded
)

select
    date_trunc('week', sessions.session_start) as week,
    sessions.device,
    sessions.channel,
    sessions.country,
    count(*) as sessions,
    case when bool_or(recorded.has_views) then count(session_funnels.viewed_at) end as viewed,
    case when bool_or(recorded.has_carts) then count(session_funnels.carted_at) end as carted,
    case when bool_or(recorded.has_checkouts) then count(session_funnels.checked_out_at) end as checked_out,
    count(session_funnels.purchased_at) as purchased,
    count(*) filter (where sessions.converted) as conversions,
    case
        when count(sessions.revenue) = count(*) then sum(sessions.revenue::decimal(18, 6))::double
    end as revenue
from sessions
cross join recorded
join session_funnels on sessions.session_id = session_funnels.session_id
group by 1, 2, 3, 4
order by 1, 2, 3, 4
