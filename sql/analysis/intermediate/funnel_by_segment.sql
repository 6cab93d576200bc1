-- question: In which segment does the funnel leak most?
-- grain: segment (device, channel, visitor, and all)
-- technique: grouping sets, grouping to name the set
-- keys: dimension, segment
-- nulls: viewed, carted, checked_out, visit_to_view_rate, view_to_cart_rate, cart_to_checkout_rate,
--   checkout_to_purchase_rate
-- columns:
--   dimension: device, channel, visitor or all
--   segment: value of the dimension
--   viewed: sessions with a view
--   carted: that then cart
--   checked_out: that then check out
--   purchased: that then buy, after every step that the store records
--   visit_to_view_rate: viewed over sessions
--   view_to_cart_rate: carted over viewed
--   cart_to_checkout_rate: checked out over carted
--   checkout_to_purchase_rate: purchased over checked out
--   bought_without_a_step: sessions that buy without taking every step in order
-- meaning: Carts are followed by a checkout least often in {{ argmin.cart_to_checkout_rate.dimension }}
--   {{ argmin.cart_to_checkout_rate.segment }} ({{ min.cart_to_checkout_rate | share }}), against
--   {{ where(dimension='all').cart_to_checkout_rate | share }} over all sessions.

with

sessions as (
    select * from marts.sessions
),

session_funnels as (
    select * from marts.session_funnels
),

recorded as (
    select * from marts.recorded
),

joined as (
    select
        sessions.device,
        sessions.channel,
        case when sessions.is_new_user then 'new' else 'returning' end as visitor,
        session_funnels.viewed_at,
        session_funnels.carted_at,
        session_funnels.checked_out_at,
        session_funnels.purchased_at,
        session_funnels.bought_at,
        recorded.has_views,
        recorded.has_carts,
        recorded.has_checkouts
    from sessions
    cross join recorded
    join session_funnels on sessions.session_id = session_funnels.session_id
),

counts as (
    select
        case
            when grouping(device) = 0 then 'device'
            when grouping(channel) = 0 then 'channel'
            when grouping(visitor) = 0 then 'visitor'
            else 'all'
        end as dimension,
        coalesce(device, channel, visitor, 'all sessions') as segment,
        count(*) as sessions,
        case when bool_or(has_views) then count(viewed_at) end as viewed,
        case when bool_or(has_carts) then count(carted_at) end as carted,
        case when bool_or(has_checkouts) then count(checked_out_at) end as checked_out,
        count(purchased_at) as purchased,
        count(bought_at) - count(purchased_at) as bought_without_a_step
    from joined
    group by grouping sets ((device), (channel), (visitor), ())
)

select
    dimension,
    segment,
    sessions,
    viewed,
    carted,
    checked_out,
    purchased,
    viewed / sessions as visit_to_view_rate,
    carted / nullif(viewed, 0) as view_to_cart_rate,
    checked_out / nullif(carted, 0) as cart_to_checkout_rate,
    purchased / nullif(checked_out, 0) as checkout_to_purchase_rate,
    bought_without_a_step
from counts
order by dimension, segment
