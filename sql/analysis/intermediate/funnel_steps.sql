-- question: At which step of the funnel are most sessions lost?
-- grain: funnel step
-- tables: marts.session_funnels
-- level: intermediate
-- technique: counts unpivoted with a values list, lag and first_value over the steps
-- keys: step
-- nulls: step_rate, sessions_lost
-- meaning: Most sessions are lost before "{argmax.sessions_lost.step}": {max.sessions_lost} of them, as
--   {argmax.sessions_lost.step_rate:share} of those that could go on do; the lowest step rate is
--   {min.step_rate:share}, to "{argmin.step_rate.step}".

with

session_funnels as (

    select * from marts.session_funnels

),

counts as (

    select
        count(*) as visits,
        count(viewed_at) as views,
        count(carted_at) as carts,
        count(checked_out_at) as checkouts,
        count(purchased_at) as purchases
    from session_funnels

),

steps as (

    select
        *
    from (
        values
            (1, 'visit'),
            (2, 'view'),
            (3, 'add to cart'),
            (4, 'checkout'),
            (5, 'purchase')
    ) as names (step_number, step)

),

reached as (

    select
        steps.step_number,
        steps.step,
        case steps.step_number
            when 1 then counts.visits
            when 2 then counts.views
            when 3 then counts.carts
            when 4 then counts.checkouts
            when 5 then counts.purchases
        end as sessions
    from steps
    cross join counts

)

select
    step_number,
    step,
    sessions,
    sessions / nullif(lag(sessions) over (order by step_number), 0) as step_rate,
    sessions / first_value(sessions) over (order by step_number) as overall_rate,
    lag(sessions) over (order by step_number) - sessions as sessions_lost
from reached
order by
    step_number
