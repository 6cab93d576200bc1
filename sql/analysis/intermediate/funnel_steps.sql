-- question: At which step of the funnel are most sessions lost?
-- grain: funnel step that the store records
-- technique: one aggregate a step by union all, having on the whole, lag and first_value over the steps
-- keys: step
-- nulls: step_rate, sessions_lost
-- columns:
--   sessions: sessions that take this step and all before it
--   step_rate: share of the sessions at the step before
--   overall_rate: share of all sessions
--   sessions_lost: sessions at the step before that do not take this one
--   bought_without: sessions that buy without taking this step in order
-- meaning: Most sessions are lost before "{{ argmax.sessions_lost.step }}": {{ max.sessions_lost }} of them,
--   as {{ argmax.sessions_lost.step_rate | share }} of those that could go on do; the lowest step rate is
--   {{ min.step_rate | share }}, to "{{ argmin.step_rate.step }}". {{ last.bought_without }} sessions buy
--   without taking every step.

with

session_funnels as (
    select * from marts.session_funnels
),

recorded as (
    select * from marts.recorded
),

joined as (
    select *
    from session_funnels
    cross join recorded
),

steps as (
    select
        1 as step_number,
        'visit' as step,
        count(*) as sessions,
        0 as bought_without
    from joined
    union all
    select
        2 as step_number,
        'view' as step,
        count(viewed_at) as sessions,
        count(bought_at) filter (where viewed_at is null) as bought_without
    from joined
    having bool_or(has_views)
    union all
    select
        3 as step_number,
        'add to cart' as step,
        count(carted_at) as sessions,
        count(bought_at) filter (where carted_at is null) as bought_without
    from joined
    having bool_or(has_carts)
    union all
    select
        4 as step_number,
        'checkout' as step,
        count(checked_out_at) as sessions,
        count(bought_at) filter (where checked_out_at is null) as bought_without
    from joined
    having bool_or(has_checkouts)
    union all
    select
        5 as step_number,
        'purchase' as step,
        count(purchased_at) as sessions,
        count(bought_at) filter (where purchased_at is null) as bought_without
    from joined
)

select
    step_number,
    step,
    sessions,
    sessions / nullif(lag(sessions) over (order by step_number), 0) as step_rate,
    sessions / nullif(first_value(sessions) over (order by step_number), 0) as overall_rate,
    lag(sessions) over (order by step_number) - sessions as sessions_lost,
    bought_without
from steps
order by step_number
