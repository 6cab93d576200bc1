-- question: How many shoppers take each step of the funnel within a time limit?
-- grain: funnel step that the store records
-- technique: chained time limits from the last recorded step, a later step counts only when all earlier
--   ones were in time
-- parameters: cart_minutes = 15, checkout_minutes = 10, purchase_minutes = 5
-- keys: step
-- columns:
--   sessions: sessions that take this step and all before it
--   sessions_in_time: of them, those that took every step in time
--   in_time_share: their share
--   late_at_this_step: sessions in time until now that take this step late
--   late_share: their share of those in time until now that take it
-- meaning: {{ where(step='purchase').sessions_in_time }} of {{ where(step='purchase').sessions }} buying
--   sessions take every step in time ({{ where(step='purchase').in_time_share | share }}); of the sessions in
--   time so far, most are late at "{{ argmax.late_share.step }}" ({{ max.late_share | share }} of those that
--   take it).

with

session_funnels as (
    select * from marts.session_funnels
),

recorded as (
    select * from marts.recorded
),

-- Null where the step was not taken; a step that the store does not record delays nobody.
timed as (
    select
        *,
        case
            when not has_carts then true
            else carted_at <= coalesce(viewed_at, carted_at) + $cart_minutes * interval '1 minute'
        end as cart_in_time,
        case
            when not has_checkouts then true
            else checked_out_at
                <= coalesce(carted_at, viewed_at, checked_out_at) + $checkout_minutes * interval '1 minute'
        end as checkout_in_time,
        purchased_at <= coalesce(checked_out_at, carted_at, viewed_at, purchased_at)
            + $purchase_minutes * interval '1 minute' as purchase_in_time
    from session_funnels
    cross join recorded
),

steps as (
    select
        1 as step_number,
        'view' as step,
        count(viewed_at) as sessions,
        count(viewed_at) as sessions_in_time,
        0 as late_at_this_step
    from timed
    having bool_or(has_views)
    union all
    select
        2 as step_number,
        'add to cart' as step,
        count(carted_at) as sessions,
        count(*) filter (where cart_in_time) as sessions_in_time,
        count(*) filter (where not cart_in_time) as late_at_this_step
    from timed
    having bool_or(has_carts)
    union all
    select
        3 as step_number,
        'checkout' as step,
        count(checked_out_at) as sessions,
        count(*) filter (where cart_in_time and checkout_in_time) as sessions_in_time,
        count(*) filter (where cart_in_time and not checkout_in_time) as late_at_this_step
    from timed
    having bool_or(has_checkouts)
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
order by step_number
