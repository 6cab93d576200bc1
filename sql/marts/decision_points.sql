-- Question:  at which moments could the shop still act, and did the session buy after that?
-- Grain:     one row per decision: session start, after the third event, first add to cart
-- Technique: a decision knows the events up to its position and no other. Sessions that have bought by then are
--            out, so the outcome of the session is what happens after the decision.
create or replace table marts.decision_points as

with

events as (
    select session_id, position, ts, event_type from marts.features_events
),

sessions as (
    select * from marts.sessions
),

first_events as (
    select session_id, coalesce(discount_pct, 0) as discount_pct
    from staging.events
    where is_session_start
    qualify row_number() over (partition by session_id order by event_id) = 1
),

third_events as (
    select session_id, ts as third_at from events
    where position = 3
),

first_carts as (
    select
        session_id,
        min(position) as cart_position,
        min(ts) as carted_at,
    from events
    where event_type = 'add_to_cart'
    group by session_id
),

first_purchases as (
    select session_id, min(position) as purchase_position
    from events
    where event_type = 'purchase'
    group by session_id
),

moments as (
    select session_id, 0 as place, 'session_start' as decision, session_start as decided_at, 0 as position
    from sessions
    union all
    select session_id, 1, 'after_3_events', third_at, 3
    from third_events
    union all
    select session_id, 2, 'first_cart', carted_at, cart_position
    from first_carts
)

select
    3 * moments.session_id + moments.place as decision_id,
    moments.session_id,
    sessions.user_id,
    moments.decision,
    moments.decided_at,
    moments.position::integer as position,
    sessions.converted,
    sessions.revenue as revenue_after,
    sessions.session_start,
    sessions.device,
    sessions.channel,
    first_events.discount_pct,
    sessions.country,
    sessions.is_new_user,
from moments
join sessions using (session_id)
join first_events using (session_id)
left join first_purchases using (session_id)
where first_purchases.purchase_position is null or first_purchases.purchase_position > moments.position
order by decision_id
