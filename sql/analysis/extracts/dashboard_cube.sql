-- question: How did the sessions of each week, device, channel and country go?
-- grain: week, device, channel, country
-- technique: one conditional aggregate; what a store does not record is null, revenue added up as decimals
-- keys: week, device, channel, country
-- nulls: view_sessions, cart_sessions, checkout_sessions, revenue
-- columns:
--   view_sessions: sessions with a view
--   checkout_sessions: sessions with a cart, where carts are recorded, and a checkout

with

sessions as (
    select * from marts.sessions
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
    case when bool_or(recorded.has_views) then count(*) filter (where sessions.n_views > 0) end
        as view_sessions,
    case when bool_or(recorded.has_carts) then count(*) filter (where sessions.has_cart) end
        as cart_sessions,
    case
        when bool_or(recorded.has_checkouts)
            then count(*) filter (
                where sessions.has_checkout and (sessions.has_cart or not recorded.has_carts)
            )
    end as checkout_sessions,
    count(*) filter (where sessions.converted) as conversions,
    case
        when count(sessions.revenue) = count(*) then sum(sessions.revenue::decimal(18, 6))::double
    end as revenue
from sessions
cross join recorded
group by 1, 2, 3, 4
order by 1, 2, 3, 4
