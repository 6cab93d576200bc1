-- question: How much do sessions and conversion depend on the 30-minute rule?
-- grain: inactivity limit in minutes
-- technique: gaps and islands twice (lag, then a running count of gaps), cross join of limits
-- keys: gap_minutes
-- columns:
--   gap_minutes: longest pause within a session, minutes
--   mean_minutes: mean minutes from the first to the last event
-- meaning: With 30 minutes there are {{ where(gap_minutes=30).sessions }} sessions converting at
--   {{ where(gap_minutes=30).conversion_rate | share(2) }}; with 10 minutes
--   {{ where(gap_minutes=10).sessions }} at {{ where(gap_minutes=10).conversion_rate | share(2) }}, with two
--   hours {{ where(gap_minutes=120).sessions }} at {{ where(gap_minutes=120).conversion_rate | share(2) }}.

with

events as (
    select * from staging.events
),

limits as (
    select *
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

numbered as (
    select
        user_id,
        ts,
        event_type,
        sum(
            case
                when previous_ts is null then 1
                when ts > previous_ts + interval '10 minutes' then 1
                else 0
            end
        ) over (
            partition by user_id
            order by ts, event_id
            rows between unbounded preceding and current row
        ) as island
    from gaps
),

-- Sessions at the smallest limit; every larger limit only joins some of them.
islands as (
    select
        user_id,
        island,
        min(ts) as first_ts,
        max(ts) as last_ts,
        count(*) as n_events,
        max(case when event_type = 'purchase' then 1 else 0 end) as converted
    from numbered
    group by user_id, island
),

island_gaps as (
    select
        *,
        lag(last_ts) over (partition by user_id order by island) as previous_ts
    from islands
),

joined as (
    select
        limits.gap_minutes,
        island_gaps.user_id,
        island_gaps.first_ts,
        island_gaps.last_ts,
        island_gaps.n_events,
        island_gaps.converted,
        sum(
            case
                when island_gaps.previous_ts is null then 1
                when island_gaps.first_ts
                    > island_gaps.previous_ts + limits.gap_minutes * interval '1 minute' then 1
                else 0
            end
        ) over (
            partition by limits.gap_minutes, island_gaps.user_id
            order by island_gaps.island
            rows between unbounded preceding and current row
        ) as session_of_user
    from island_gaps
    cross join limits
),

sessions as (
    select
        gap_minutes,
        user_id,
        session_of_user,
        sum(n_events) as n_events,
        date_diff('second', min(first_ts), max(last_ts)) / 60 as minutes,
        max(converted) as converted
    from joined
    group by gap_minutes, user_id, session_of_user
)

select
    gap_minutes,
    count(*) as sessions,
    avg(n_events) as mean_events,
    avg(minutes) as mean_minutes,
    sum(converted) as conversions,
    sum(converted) / count(*) as conversion_rate
from sessions
group by gap_minutes
order by gap_minutes
