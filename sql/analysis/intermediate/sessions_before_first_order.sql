-- question: How many visits does a customer need before the first order?
-- grain: number of the session with the first order (8 stands for eight or later)
-- technique: first row of a group by row_number, running share
-- keys: session_number
-- columns:
--   session_number: which session of its user holds the first order, 8 for the eighth and later
--   buyers: users with their first order there
--   buyer_share: their share of all buyers
--   cumulative_share: share of all buyers up to here
-- meaning: {{ first.cumulative_share | share }} of buyers order in their first session and
--   {{ where(session_number=3).cumulative_share | share }} within the first three.

with

orders as (
    select * from marts.orders
),

sessions as (
    select * from marts.sessions
),

ranked as (
    select
        orders.user_id,
        sessions.session_number,
        row_number() over (partition by orders.user_id order by orders.order_ts, orders.order_id)
            as order_number
    from orders
    join sessions on orders.session_id = sessions.session_id
),

counted as (
    select
        least(session_number, 8) as session_number,
        count(*) as buyers
    from ranked
    where order_number = 1
    group by least(session_number, 8)
)

select
    session_number,
    buyers,
    buyers / sum(buyers) over () as buyer_share,
    sum(buyers) over (order by session_number rows between unbounded preceding and current row)
        / sum(buyers) over () as cumulative_share
from counted
order by session_number
