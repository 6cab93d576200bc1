-- question: In which segment does the funnel leak most?
-- grain: segment (device, channel, visitor, and all)
-- tables: marts.sessions, marts.session_funnels
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

joined as (

    select
        sessions.device,
        sessions.channel,
        case when sessions.is_new_user then 'new' else 'returning' end as visitor,
        session_funnels.viewed_at,
        session_funnels.carted_at,
        session_funnels.checked_out_at,
        session_funnels.purchased_at
    from sessions
    inner join session_funnels
        on sessions.session_id = session_funnels.session_id

)

select
    case
        when grouping(device) = 0 then 'device'
        when grouping(channel) = 0 then 'channel'
        when grouping(visitor) = 0 then 'visitor'
        else 'all'
    end as dimension,
    coalesce(device, channel, visitor, 'all sessions') as segment,
    count(*) as sessions,
    count(viewed_at) as viewed,
    count(carted_at) as carted,
    count(checked_out_at) as checked_out,
    count(purchased_at) as purchased,
    count(viewed_at) / count(*) as visit_to_view_rate,
    count(carted_at) / nullif(count(viewed_at), 0) as view_to_cart_rate,
    count(checked_out_at) / nullif(count(carted_at), 0) as cart_to_checkout_rate,
    count(purchased_at) / nullif(count(checked_out_at), 0) as checkout_to_purchase_rate
from joined
group by
    grouping sets ((device), (channel), (visitor), ())
order by
    dimension,
    segment
