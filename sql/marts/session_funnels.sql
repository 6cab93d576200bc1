-- Question:  how far down the funnel did each session get, step after step?
-- Grain:     one row per session
-- Technique: a chain of conditional aggregates: the first time of a step not before the step ahead of it.
--            Each link reads only the events of its own type, so no session is compared with itself.
--            A store that records no checkout at all goes from cart to purchase.
create or replace table marts.session_funnels as

with

events as not materialized (
    select session_id, ts, event_type from staging.events
),

sessions as (
    select session_id from marts.sessions
),

recorded as (
    select coalesce(bool_or(n_checkouts > 0), false) as has_checkouts from marts.sessions
),

viewed as (
    select session_id, min(ts) as viewed_at
    from events
    where event_type = 'view'
    group by session_id
),

carted as (
    select session_id, min(events.ts) as carted_at
    from events
    join viewed using (session_id)
    where events.event_type = 'add_to_cart' and events.ts >= viewed.viewed_at
    group by session_id
),

checked_out as (
    select session_id, min(events.ts) as checked_out_at
    from events
    join carted using (session_id)
    where events.event_type = 'checkout' and events.ts >= carted.carted_at
    group by session_id
),

before_purchase as (
    select
        carted.session_id,
        if(recorded.has_checkouts, checked_out.checked_out_at, carted.carted_at) as ready_at,
    from carted
    left join checked_out using (session_id)
    cross join recorded
),

purchased as (
    select session_id, min(events.ts) as purchased_at
    from events
    join before_purchase using (session_id)
    where events.event_type = 'purchase' and events.ts >= before_purchase.ready_at
    group by session_id
)

select
    sessions.session_id,
    viewed.viewed_at,
    carted.carted_at,
    checked_out.checked_out_at,
    purchased.purchased_at,
    case
        when purchased.purchased_at is not null then 'purchase'
        when checked_out.checked_out_at is not null then 'checkout'
        when carted.carted_at is not null then 'cart'
        when viewed.viewed_at is not null then 'view'
        else 'visit'
    end as furthest_step,
from sessions
left join viewed using (session_id)
left join carted using (session_id)
left join checked_out using (session_id)
left join purchased using (session_id)
order by sessions.session_id
