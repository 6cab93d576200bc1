-- question: How many different visitors are active in a day, a week and a month, and how sticky is the
--   shop?
-- grain: day (from the 30th day on)
-- technique: self join on a range of dates for rolling distinct counts
-- keys: day
-- columns:
--   daily_visitors: users with a session on the day
--   weekly_visitors: users with a session on the day or the six before
--   monthly_visitors: users with a session on the day or the 29 before
--   stickiness: daily over monthly visitors
-- meaning: On average {{ mean.daily_visitors | count }} visitors a day are {{ mean.stickiness | share }} of
--   those active within 30 days; monthly visitors end at {{ last.monthly_visitors }}.

with

sessions as (
    select * from marts.sessions
),

active_days as (
    select distinct
        user_id,
        session_start::date as day
    from sessions
),

days as (
    select
        day,
        row_number() over (order by day) as day_number
    from (
        select distinct day
        from active_days
    ) as distinct_days
)

select
    days.day,
    count(distinct case when active_days.day = days.day then active_days.user_id end) as daily_visitors,
    count(distinct case
        when active_days.day > days.day - interval '7 days' then active_days.user_id
    end) as weekly_visitors,
    count(distinct active_days.user_id) as monthly_visitors,
    count(distinct case when active_days.day = days.day then active_days.user_id end)
        / count(distinct active_days.user_id) as stickiness
from days
join active_days on active_days.day <= days.day and active_days.day > days.day - interval '30 days'
where days.day_number >= 30
group by days.day
order by days.day
