-- question: How many sessions that fill a cart leave without buying, and how far did they get?
-- grain: device
-- technique: conditional aggregation with filter
-- keys: device
-- nulls: left_at_checkout
-- columns:
--   abandoned_sessions: of them, those without a purchase
--   abandonment_rate: abandoned sessions over sessions with a cart
--   left_at_cart: abandoned before a checkout
--   left_at_checkout: abandoned after a checkout
-- meaning: {{ ratio.abandoned_sessions.cart_sessions | share }} of the {{ sum.cart_sessions }} sessions with
--   a cart end without an order; the rate is highest on {{ argmax.abandonment_rate.device }}
--   ({{ max.abandonment_rate | share }}).

with

sessions as (
    select * from marts.sessions
),

recorded as (
    select * from marts.recorded
)

select
    device,
    count(*) filter (where has_cart) as cart_sessions,
    count(*) filter (where has_cart and not converted) as abandoned_sessions,
    count(*) filter (where has_cart and not converted) / nullif(count(*) filter (where has_cart), 0)
        as abandonment_rate,
    count(*) filter (where has_cart and not has_checkout and not converted) as left_at_cart,
    case
        when recorded.has_checkouts then count(*) filter (where has_cart and has_checkout and not converted)
    end as left_at_checkout
from sessions
cross join recorded
group by device, recorded.has_checkouts
having count(*) filter (where has_cart) > 0
order by device
