-- question: In which segment does the funnel leak most?
-- grain: segment (device, channel, visitor, and all)
-- tables: marts.sessions, marts.session_funnels, marts.recorded
-- level: intermediate
-- technique: grouping sets, grouping to name the set
-- keys: dimension, segment
-- nulls: cart_to_checkout_rate, checkout_to_purchase_rate
-- meaning: Carts are followed by a checkout least often in {argmin.cart_to_checkout_rate.dimension}
--   {argmin.cart_to_checkout_rate.segment} ({min.cart_to_checkout_rate:share}), against
--   {where.dimension=all.cart_to_checkout_rate:share} over all sessions.

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
    inner join session_funnels
        on sessions.session_id = session_funnels.session_id

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
    group by
        grouping sets ((device), (channel), (visitor), ())

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
order by
    dimension,
    segment
