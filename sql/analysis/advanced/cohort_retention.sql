-- question: What share of each weekly cohort of new visitors comes back in later weeks?
-- grain: cohort week x weeks since the first visit
-- technique: cohort grid by range join, zero-filled left join, complete weeks only
-- keys: cohort_week, weeks_since_first
-- columns:
--   cohort_week: Monday of the week of the first visit
--   weeks_since_first: whole weeks since then
--   cohort_visitors: users of the cohort
--   retained_visitors: of them, those with a session in that week
--   retention_rate: their share of the cohort
-- meaning: One week after the first visit
--   {{ where(weeks_since_first=1).ratio.retained_visitors.cohort_visitors | share }} of visitors come back,
--   most of the cohort of {{ where(weeks_since_first=1).argmax.retention_rate.cohort_week }}
--   ({{ where(weeks_since_first=1).max.retention_rate | share }}); from the second week on it is
--   {{ at_least(weeks_since_first=2).ratio.retained_visitors.cohort_visitors | share }} a week.

with

sessions as (
    select * from marts.sessions
),

activity as (
    select distinct
        user_id,
        date_trunc('week', session_start)::date as week
    from sessions
),

first_weeks as (
    select
        user_id,
        min(week) as cohort_week
    from activity
    group by user_id
),

complete_weeks as (
    select date_trunc('week', session_start)::date as week
    from sessions
    group by date_trunc('week', session_start)::date
    having max(extract(isodow from session_start)) = 7
),

cohorts as (
    select
        cohort_week,
        count(*) as cohort_visitors
    from first_weeks
    group by cohort_week
),

grid as (
    select
        cohorts.cohort_week,
        cohorts.cohort_visitors,
        complete_weeks.week,
        date_diff('day', cohorts.cohort_week, complete_weeks.week) / 7 as weeks_since_first
    from cohorts
    join complete_weeks on cohorts.cohort_week <= complete_weeks.week
),

retained as (
    select
        first_weeks.cohort_week,
        activity.week,
        count(*) as visitors
    from activity
    join first_weeks on activity.user_id = first_weeks.user_id
    group by first_weeks.cohort_week, activity.week
)

select
    grid.cohort_week,
    grid.weeks_since_first::integer as weeks_since_first,
    grid.cohort_visitors,
    coalesce(retained.visitors, 0) as retained_visitors,
    coalesce(retained.visitors, 0) / grid.cohort_visitors as retention_rate
from grid
left join retained on grid.cohort_week = retained.cohort_week and grid.week = retained.week
order by grid.cohort_week, weeks_since_first
