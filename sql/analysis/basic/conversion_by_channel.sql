-- question: Which marketing channel brings sessions that buy?
-- grain: channel
-- technique: conditional aggregation with filter, Wilson interval
-- parameters: z = 1.9599639845
-- keys: channel
-- nulls: revenue, revenue_per_session
-- meaning: {{ argmax.conversion_rate.channel }} converts best ({{ max.conversion_rate | share(2) }} of
--   sessions), {{ argmin.conversion_rate.channel }} worst ({{ min.conversion_rate | share(2) }}), against
--   {{ ratio.conversions.sessions | share(2) }} over all.

with

sessions as (
    select * from marts.sessions
),

rates as (
    select
        channel,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) as revenue
    from sessions
    group by channel
)

select
    channel,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by channel
