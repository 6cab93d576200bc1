-- question: How much do sessions and conversion depend on the 30-minute rule?
-- grain: inactivity limit in minutes
-- tables: staging.events
-- level: advanced
-- technique: gaps and islands (lag, then a running count of gaps), cross join of limits
-- keys: gap_minutes
-- meaning: With 30 minutes there are {where.gap_minutes=30.sessions} sessions converting at
--   {where.gap_minutes=30.conversion_rate:share.2}; with 10 minutes {where.gap_minutes=10.sessions} at
--   {where.gap_minutes=10.conversion_rate:share.2}, with two hours {where.gap_minutes=120.sessions} at
--   {where.gap_minutes=120.conversion_rate:share.2}.

with

events as (

    select * from staging.events

),

limits as (

    select
        *
    from (
        values
            (10),
            (20),
            (30),
            (60),
            (120)
    ) as candidates (gap_minutes)

),

gaps as (

    select
        user_id,
        event_id,
        ts,
        event_type,
        lag(ts) over (partition by user_id order by ts, event_id) as previous_ts
    from events

),

marked as (

    select
        limits.gap_minutes,
        gaps.user_id,
        gaps.event_id,
        gaps.ts,
        gaps.event_type,
        case
            when gaps.previous_ts is null then 1
            when gaps.ts > gaps.previous_ts + limits.gap_minutes * interval '1 minute' then 1
            else 0
        end as starts_island
    from gaps
    cross join limits

),

islands as (

    select
        gap_minutes,
        user_id,
        event_type,
        ts,
        sum(starts_island) over (
            partition by gap_minutes, user_id
            order by ts, event_id
            rows between unbounded preceding and current row
        ) as island
    from marked

),

sessions as (

    select
        gap_minutes,
        user_id,
        island,
        count(*) as n_events,
        date_diff('second', min(ts), max(ts)) / 60 as minutes,
        max(case when event_type = 'purchase' then 1 else 0 end) as converted
    from islands
    group by
        gap_minutes,
        user_id,
        island

)

select
    gap_minutes,
    count(*) as sessions,
    avg(n_events) as mean_events,
    avg(minutes) as mean_minutes,
    sum(converted) as conversions,
    sum(converted) / count(*) as conversion_rate
from sessions
group by
    gap_minutes
order by
    gap_minutes
