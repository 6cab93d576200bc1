-- question: Which channel gets the credit for an order under first-touch, last-touch, linear and position
--   rules?
-- grain: channel
-- technique: range join of orders with earlier sessions, positions counted from both ends, weights that sum
--   to one
-- parameters: lookback_days = 30
-- keys: channel
-- nulls: first_touch_revenue, last_touch_revenue, linear_revenue, position_revenue
-- columns:
--   first_touch_orders: orders whose path starts with the channel
--   last_touch_orders: orders whose path ends with it
--   linear_orders: orders, each shared evenly by the visits of its path
--   position_orders: orders, 40% to the first visit, 40% to the last, the rest to those between
--   first_touch_revenue: revenue by the first rule, EUR
--   last_touch_revenue: by the second, EUR
--   linear_revenue: by the third, EUR
--   position_revenue: by the fourth, EUR
--   largest_difference: first less last touch, orders, without sign
-- meaning: Last touch credits {{ argmax.last_touch_orders.channel }} most
--   ({{ max.last_touch_orders | count }} orders), first touch {{ argmax.first_touch_orders.channel }}
--   ({{ max.first_touch_orders | count }}); the rules differ most for
--   {{ argmax.largest_difference.channel }}, by {{ max.largest_difference | count }} orders.

with

orders as (
    select * from marts.orders
),

sessions as (
    select * from marts.sessions
),

order_windows as (
    select
        order_id,
        session_id,
        user_id,
        order_ts,
        net_revenue,
        lag(order_ts) over (partition by user_id order by order_ts, order_id) as previous_order_ts
    from orders
),

touches as (
    select
        order_windows.order_id,
        order_windows.net_revenue::decimal(18, 6) as net_revenue,
        sessions.channel,
        row_number() over (
            partition by order_windows.order_id
            order by sessions.session_start, sessions.session_id
        ) as from_first,
        row_number() over (
            partition by order_windows.order_id
            order by sessions.session_start desc, sessions.session_id desc
        ) as from_last,
        count(*) over (partition by order_windows.order_id) as touches
    from order_windows
    join sessions
        on order_windows.user_id = sessions.user_id
        and sessions.session_start <= order_windows.order_ts
    where
        sessions.session_id = order_windows.session_id
        or (
            sessions.session_start >= order_windows.order_ts - $lookback_days * interval '1 day'
            and (
                order_windows.previous_order_ts is null
                or sessions.session_start > order_windows.previous_order_ts
            )
        )
),

weighted as (
    select
        channel,
        net_revenue,
        case when from_first = 1 then 1.0 else 0.0 end as first_touch,
        case when from_last = 1 then 1.0 else 0.0 end as last_touch,
        1.0 / touches as linear,
        case
            when touches = 1 then 1.0
            when touches = 2 then 0.5
            when from_first = 1 or from_last = 1 then 0.4
            else 0.2 / (touches - 2)
        end as position_based
    from touches
),

credits as (
    select
        channel,
        sum(first_touch) as first_touch_orders,
        sum(last_touch) as last_touch_orders,
        sum(linear) as linear_orders,
        sum(position_based) as position_orders,
        sum(first_touch * net_revenue) as first_touch_revenue,
        sum(last_touch * net_revenue) as last_touch_revenue,
        sum(linear * net_revenue) as linear_revenue,
        sum(position_based * net_revenue) as position_revenue
    from weighted
    group by channel
)

select
    *,
    abs(first_touch_orders - last_touch_orders) as largest_difference
from credits
order by channel
