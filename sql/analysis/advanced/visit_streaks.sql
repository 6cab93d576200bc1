-- question: How many days in a row do visitors come back?
-- grain: longest run of consecutive active days (7 stands for seven or more)
-- technique: gaps and islands on dates (the date less its row number is constant in a run)
-- keys: longest_streak_days
-- columns:
--   longest_streak_days: longest run of days with a session, 7 for seven and more
--   visitor_share: share of all visitors
-- meaning: {{ where(longest_streak_days=1).visitor_share | share }} of visitors never came on two days in a
--   row, and {{ where(longest_streak_days=1).buyer_rate | share }} of them bought; of those with a run of two
--   days {{ where(longest_streak_days=2).buyer_rate | share }} did.

with

sessions as (
    select * from marts.sessions
),

active_days as (
    select
        user_id,
        session_start::date as day,
        max(case when converted then 1 else 0 end) as bought
    from sessions
    group by user_id, session_start::date
),

numbered as (
    select
        user_id,
        day,
        bought,
        date_diff('day', date '2000-01-01', day)
            - row_number() over (partition by user_id order by day) as island
    from active_days
),

runs as (
    select
        user_id,
        island,
        count(*) as days,
        max(bought) as bought
    from numbered
    group by user_id, island
),

visitors as (
    select
        user_id,
        least(max(days), 7) as longest_streak_days,
        max(bought) as bought
    from runs
    group by user_id
)

select
    longest_streak_days,
    count(*) as visitors,
    count(*) / sum(count(*)) over () as visitor_share,
    sum(bought) / count(*) as buyer_rate
from visitors
group by longest_streak_days
order by longest_streak_days
