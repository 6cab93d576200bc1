-- question: At which moments could the shop still act, and did the session buy after that?
-- grain: decision: session start, after the third event, first add to cart
-- technique: a decision knows the first `position` events of its session (by time, then event_id) and no
--   other. Sessions that have bought by then are out, so what the session buys, it buys after the decision
-- keys: decision_id
-- nulls: revenue_after
-- columns:
--   decision_id: number of the decision: three a session
--   decision: session_start, after_3_events or first_cart
--   decided_at: when the shop could act
--   position: events of the session that are known by then
--   revenue_after: net revenue of the session, all of it after the decision, EUR
--   discount_pct: discount shown at the opening event

create or replace table marts.decision_points as

with

sessions as (
    select * from marts.sessions
),

moments as (
    select session_id, third_moment, cart_moment, purchase_moment from marts.features_sessions
),

progress as (
    select session_id, sum(cart_events)::integer as cart_position
    from marts.features_progress
    group by session_id
),

first_events as (
    select session_id, arg_min(coalesce(discount_pct, 0), event_id) as discount_pct
    from staging.events
    where is_session_start
    group by session_id
),

decisions as (
    select
        session_id,
        0 as place,
        'session_start' as decision,
        session_start as decided_at,
        0 as position
    from sessions
    union all
    select
        session_id,
        1,
        'after_3_events',
        make_timestamp((third_moment // 1_099_511_627_776)::bigint),
        3
    from moments
    where third_moment < purchase_moment or (third_moment is not null and purchase_moment is null)
    union all
    select
        moments.session_id,
        2,
        'first_cart',
        make_timestamp((cart_moment // 1_099_511_627_776)::bigint),
        progress.cart_position
    from moments
    join progress using (session_id)
    where cart_moment < purchase_moment or (cart_moment is not null and purchase_moment is null)
)

select
    3 * decisions.session_id + decisions.place as decision_id,
    decisions.session_id,
    sessions.user_id,
    decisions.decision,
    decisions.decided_at,
    decisions.position,
    sessions.converted,
    sessions.revenue as revenue_after,
    sessions.session_start,
    sessions.device,
    sessions.channel,
    coalesce(first_events.discount_pct, 0) as discount_pct,
    sessions.country,
    sessions.is_new_user
from decisions
join sessions using (session_id)
left join first_events using (session_id)
