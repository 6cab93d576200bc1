-- question: How many shoppers take each step of the funnel within a time limit?
-- grain: funnel step
-- tables: marts.session_funnels
-- level: advanced
-- technique: chained time limits, a later step counts only when all earlier ones were in time
-- parameters: cart_minutes = 15, checkout_minutes = 10, purchase_minutes = 5
-- keys: step
-- meaning: {where.step=purchase.sessions_in_time} of {where.step=purchase.sessions} buying sessions take
--   every step in time ({where.step=purchase.in_time_share:share}); of the sessions in time so far, most are
--   late at "{argmax.late_share.step}" ({max.late_share:share} of those that take it).

with

session_funnels as (

    select * from marts.session_funnels

),

timed as (

    select
        session_id,
        viewed_at,
        carted_at,
        checked_out_at,
        purchased_at,
        carted_at <= viewed_at + $cart_minutes * interval '1 minute' as cart_in_time,
        checked_out_at <= carted_at + $checkout_minutes * interval '1 minute' as checkout_in_time,
        purchased_at <= checked_out_at + $purchase_minutes * interval '1 minute' as purchase_in_time
    from session_funnels

),

steps as (

    select
        1 as step_number,
        'view' as step,
        count(viewed_at) as sessions,
        count(viewed_at) as sessions_in_time,
        0 as late_at_this_step
    from timed

    union all

    select
        2 as step_number,
        'add to cart' as step,
        count(carted_at) as sessions,
        count(*) filter (where cart_in_time) as sessions_in_time,
        count(*) filter (where not cart_in_time) as late_at_this_step
    from timed

    union all

    select
        3 as step_number,
        'checkout' as step,
        count(checked_out_at) as sessions,
        count(*) filter (where cart_in_time and checkout_in_time) as sessions_in_time,
        count(*) filter (where cart_in_time and not checkout_in_time) as late_at_this_step
    from timed

    union all

    select
        4 as step_number,
        'purchase' as step,
        count(purchased_at) as sessions,
        count(*) filter (where cart_in_time and checkout_in_time and purchase_in_time) as sessions_in_time,
        count(*) filter (where cart_in_time and checkout_in_time and not purchase_in_time)
            as late_at_this_step
    from timed

)

select
    step_number,
    step,
    sessions,
    sessions_in_time,
    coalesce(sessions_in_time / nullif(sessions, 0), 0) as in_time_share,
    late_at_this_step,
    coalesce(late_at_this_step / nullif(sessions_in_time + late_at_this_step, 0), 0) as late_share
from steps
order by
    step_number
