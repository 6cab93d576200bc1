-- Question:  which item is the visitor busy with at each decision?
-- Grain:     one row per decision whose user has looked at an item by then
-- Technique: the last item viewed or carted so far in the session; where there is none yet, and always at session
--            start, the last one of the latest earlier session that had one. As sessions are numbered by user and
--            start, the latest is a running maximum
create or replace table marts.features_focus as

with

decisions as (
    select decision_id, session_id, decision, position, decided_at from marts.decision_points
),

sessions as (
    select session_id, user_id, item_position from marts.features_sessions
),

events as (
    select * from marts.features_events
),

first_items as (
    select session_id, max(position) as item_position
    from events
    where position <= 3 and event_type in ('view', 'add_to_cart')
    group by session_id
),

earlier_items as (
    select
        session_id,
        max(if(item_position is not null, session_id, null)) over (
            partition by user_id
            order by session_id
            rows between unbounded preceding and 1 preceding
        ) as focus_session_id,
    from sessions
),

places as (
    select
        decisions.decision_id,
        decisions.decided_at::date as day,
        case decisions.decision
            when 'first_cart' then decisions.position
            when 'after_3_events' then first_items.item_position
        end as own_position,
        if(own_position is null, earlier_items.focus_session_id, decisions.session_id) as session_id,
        coalesce(own_position, sessions.item_position) as position,
    from decisions
    left join first_items using (session_id)
    left join earlier_items using (session_id)
    left join sessions on sessions.session_id = earlier_items.focus_session_id
)

select
    places.decision_id,
    places.own_position is not null as is_own,
    places.day,
    events.session_id,
    events.user_id,
    events.item_id,
    events.category,
    events.unit_price,
    events.price_position,
from places
join events using (session_id, position)
where events.item_id is not null
order by places.decision_id
