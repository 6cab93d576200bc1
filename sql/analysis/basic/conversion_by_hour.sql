-- question: At what hour of the day (UTC) do sessions convert?
-- grain: hour of the session's start
-- technique: date parts, Wilson interval
-- parameters: z = 1.9599639845
-- keys: hour_of_day
-- nulls: revenue, revenue_per_session
-- meaning: Sessions that start at {{ argmax.conversion_rate.hour_of_day }}:00 convert best
--   ({{ max.conversion_rate | share(2) }}); most sessions start at {{ argmax.sessions.hour_of_day }}:00
--   ({{ max.sessions }} of them).

with

sessions as (
    select * from marts.sessions
),

rates as (
    select
        extract(hour from session_start)::integer as hour_of_day,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) as revenue
    from sessions
    group by hour_of_day
)

select
    hour_of_day,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by hour_of_day
