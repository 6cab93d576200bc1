-- question: How far down the funnel did each session get, step after step?
-- grain: session
-- technique: a chain of conditional aggregates: the first time of a step not before the step ahead of it.
--   Each link reads only the events of its own type, so no session is compared with itself. A step that the
--   store does not record is left out of the chain. `bought_at` is the first purchase whatever came before
--   it, so that a purchase without all steps is seen
-- keys: session_id
-- nulls: viewed_at, carted_at, checked_out_at, purchased_at, bought_at
-- columns:
--   viewed_at: first view
--   carted_at: first addition to the cart after it
--   checked_out_at: first checkout after that
--   purchased_at: first purchase after all steps that the store records
--   bought_at: first purchase, whatever came before it
--   furthest_step: visit, view, cart, checkout or purchase

create or replace table marts.session_funnels as

with

events as not materialized (
    select session_id, ts, event_type from staging.events
),

sessions as (
    select session_id, session_start from marts.sessions
),

recorded as (
    select has_views, has_carts, has_checkouts from marts.recorded
),

viewed as (
    select session_id, min(ts) as viewed_at
    from events
    where event_type = 'view'
    group by session_id
),

before_cart as (
    select
        sessions.session_id,
        if(recorded.has_views, viewed.viewed_at, sessions.session_start) as ready_at
    from sessions
    cross join recorded
    left join viewed using (session_id)
),

carted as (
    select session_id, min(events.ts) as carted_at
    from events
    join before_cart using (session_id)
    where events.event_type = 'add_to_cart' and events.ts >= before_cart.ready_at
    group by session_id
),

before_checkout as (
    select session_id, if(recorded.has_carts, carted.carted_at, before_cart.ready_at) as ready_at
    from before_cart
    cross join recorded
    left join carted using (session_id)
),

checked_out as (
    select session_id, min(events.ts) as checked_out_at
    from events
    join before_checkout using (session_id)
    where events.event_type = 'checkout' and events.ts >= before_checkout.ready_at
    group by session_id
),

before_purchase as (
    select
        session_id,
        if(recorded.has_checkouts, checked_out.checked_out_at, before_checkout.ready_at) as ready_at
    from before_checkout
    cross join recorded
    left join checked_out using (session_id)
),

bought as (
    select
        session_id,
        min(events.ts) as bought_at,
        min(events.ts) filter (where events.ts >= before_purchase.ready_at) as purchased_at
    from events
    join before_purchase using (session_id)
    where events.event_type = 'purchase'
    group by session_id
)

select
    sessions.session_id,
    viewed.viewed_at,
    carted.carted_at,
    checked_out.checked_out_at,
    bought.purchased_at,
    bought.bought_at,
    case
        when bought.purchased_at is not null then 'purchase'
        when checked_out.checked_out_at is not null then 'checkout'
        when carted.carted_at is not null then 'cart'
        when viewed.viewed_at is not null then 'view'
        else 'visit'
    end as furthest_step
from sessions
left join viewed using (session_id)
left join carted using (session_id)
left join checked_out using (session_id)
left join bought using (session_id)
order by sessions.session_id
