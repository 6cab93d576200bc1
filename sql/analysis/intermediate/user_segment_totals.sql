-- question: How often did each user get how far, by segment and period?
-- grain: user x device x channel x visitor x period
-- technique: conditional aggregation at the grain a user bootstrap needs, nested steps
-- parameters: last_days = 21
-- keys: user_id, device, channel, visitor, period
-- nulls: revenue
-- columns:
--   period: before, or after: the last days
--   bounced_sessions: sessions with one event
--   checkout_sessions: sessions with a cart and a checkout
--   buying_sessions: sessions with a purchase
--   abandoned_carts: sessions with a cart and no purchase
-- meaning: {{ sum.sessions }} sessions of {{ distinct.user_id }} users, of which {{ sum.buying_sessions }}
--   bought.

with

sessions as (
    select * from marts.sessions
),

orders as (
    select * from marts.orders
),

session_orders as (
    select
        session_id,
        count(*) as orders
    from orders
    group by session_id
),

bounds as (
    select max(session_start::date) as last_day
    from sessions
)

select
    sessions.user_id,
    sessions.device,
    sessions.channel,
    case when sessions.is_new_user then 'new' else 'returning' end as visitor,
    case
        when date_diff('day', sessions.session_start::date, bounds.last_day) < $last_days then 'after'
        else 'before'
    end as period,
    count(*) as sessions,
    count(*) filter (where sessions.n_events = 1) as bounced_sessions,
    count(*) filter (where sessions.has_cart) as cart_sessions,
    count(*) filter (where sessions.has_cart and sessions.has_checkout) as checkout_sessions,
    count(*) filter (where sessions.converted) as buying_sessions,
    count(*) filter (where sessions.has_cart and not sessions.converted) as abandoned_carts,
    coalesce(sum(session_orders.orders), 0) as orders,
    sum(sessions.revenue::decimal(18, 6)) as revenue
from sessions
cross join bounds
left join session_orders on sessions.session_id = session_orders.session_id
group by
    sessions.user_id,
    sessions.device,
    sessions.channel,
    case when sessions.is_new_user then 'new' else 'returning' end,
    case
        when date_diff('day', sessions.session_start::date, bounds.last_day) < $last_days then 'after'
        else 'before'
    end
order by sessions.user_id, sessions.device, sessions.channel, visitor, period
