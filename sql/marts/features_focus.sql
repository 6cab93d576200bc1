-- question: Which item is the visitor busy with at each decision?
-- grain: decision whose user has met an item by then
-- technique: the last item viewed or carted so far in the session; where there is none yet, and always at
--   session start, the last one of the latest earlier session that had one. Sessions are numbered by user
--   and start and moments grow with time, so the latest is a running maximum
-- keys: decision_id
-- nulls: unit_price, price_position
-- columns:
--   is_own: whether the item was met in this very session
--   day: day (UTC) of the decision
--   session_id: session in which the item was met
--   price_position: log price less the mean of the category on earlier days

create or replace table marts.features_focus as

with

decisions as (
    select * from marts.decision_points
),

sessions as (
    select session_id, user_id, session_start, cart_moment, item_moment from marts.features_sessions
),

progress as (
    select session_id, max(third_item_moment) as third_item_moment
    from marts.features_progress
    group by session_id
),

items as (
    select item_id, category from staging.items
),

category_days as (
    select category, day, log_price from marts.features_category_days
),

events as (
    select * from marts.features_events
    where item_id is not null
),

earlier_items as (
    select
        session_id,
        cart_moment,
        max(if(item_moment is not null, session_id, null)) over earlier as item_session_id,
        max(item_moment) over earlier as item_moment
    from sessions
    window earlier as (
        partition by user_id
        order by session_id
        rows between unbounded preceding and 1 preceding
    )
),

places as (
    select
        decisions.decision_id,
        decisions.decided_at::date as day,
        case decisions.decision
            when 'first_cart' then earlier_items.cart_moment
            when 'after_3_events' then progress.third_item_moment
        end as own_moment,
        if(own_moment is null, earlier_items.item_session_id, decisions.session_id) as session_id,
        coalesce(own_moment, earlier_items.item_moment) as moment
    from decisions
    join earlier_items using (session_id)
    left join progress using (session_id)
),

met as (
    select
        places.decision_id,
        places.own_moment is not null as is_own,
        places.day,
        events.session_id,
        events.user_id,
        events.item_id,
        events.unit_price,
        events.log_price
    from places
    join events using (session_id, moment)
)

select
    met.decision_id,
    met.is_own,
    met.day,
    met.session_id,
    met.user_id,
    met.item_id,
    coalesce(items.category, 'unknown') as category,
    met.unit_price,
    met.log_price - category_days.log_price as price_position
from met
join sessions using (session_id)
left join items using (item_id)
left join category_days on
    category_days.category = coalesce(items.category, 'unknown')
    and category_days.day = sessions.session_start::date
