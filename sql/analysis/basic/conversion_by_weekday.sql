-- question: On which day of the week do sessions convert?
-- grain: weekday of the session's start
-- technique: date parts, join with a values list, Wilson interval
-- parameters: z = 1.9599639845
-- keys: weekday
-- nulls: revenue, revenue_per_session
-- columns:
--   weekday: name of the weekday
-- meaning: {{ argmax.conversion_rate.weekday }} converts best ({{ max.conversion_rate | share(2) }}) and
--   {{ argmin.conversion_rate.weekday }} worst ({{ min.conversion_rate | share(2) }});
--   {{ argmax.sessions.weekday }} has the most sessions ({{ max.sessions }}).

with

sessions as (
    select * from marts.sessions
),

weekdays as (
    select *
    from (
        values
            (1, 'Monday'),
            (2, 'Tuesday'),
            (3, 'Wednesday'),
            (4, 'Thursday'),
            (5, 'Friday'),
            (6, 'Saturday'),
            (7, 'Sunday')
    ) as days (weekday_number, weekday)
),

labelled as (
    select
        sessions.*,
        weekdays.weekday_number,
        weekdays.weekday
    from sessions
    join weekdays on extract(isodow from sessions.session_start) = weekdays.weekday_number
),

rates as (
    select
        weekday_number,
        weekday,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) as revenue
    from labelled
    group by weekday_number, weekday
)

select
    weekday_number,
    weekday,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by weekday_number
