-- question: Do the order tables still hold exactly what the purchase events say?
-- grain: measure
-- tables: staging.events, marts.order_lines, marts.orders, marts.sessions
-- level: intermediate
-- technique: one measure at four grains, unpivoted with union all
-- keys: measure
-- nulls: in_order_lines, in_sessions
-- meaning: {sum.disagreements} of {rows} measures disagree between events and marts; revenue from the events
--   is {where.measure=revenue.in_events:eur.2} and from the orders {where.measure=revenue.in_orders:eur.2}.

with

events as (

    select * from staging.events

),

order_lines as (

    select * from marts.order_lines

),

orders as (

    select * from marts.orders

),

sessions as (

    select * from marts.sessions

),

purchases as (

    select
        count(*) as n_lines,
        sum(quantity) as units,
        sum((quantity * unit_price * (1 - coalesce(discount_pct, 0) / 100))::decimal(18, 6)) as revenue
    from events
    where
        event_type = 'purchase'

),

purchase_orders as (

    select
        count(*) as n_orders
    from (
        select distinct
            user_id,
            ts
        from events
        where
            event_type = 'purchase'
    ) as moments

),

line_totals as (

    select
        count(*) as n_lines,
        count(distinct order_id) as n_orders,
        sum(quantity) as units,
        sum(net_revenue::decimal(18, 6)) as revenue
    from order_lines

),

order_totals as (

    select
        count(*) as n_orders,
        sum(n_lines) as n_lines,
        sum(quantity) as units,
        sum(net_revenue::decimal(18, 6)) as revenue
    from orders

),

session_totals as (

    select
        sum(n_purchase_lines) as n_lines,
        sum(revenue::decimal(18, 6)) as revenue
    from sessions

),

measures as (

    select
        'order lines' as measure,
        cast(purchases.n_lines as double) as in_events,
        cast(line_totals.n_lines as double) as in_order_lines,
        cast(order_totals.n_lines as double) as in_orders,
        cast(session_totals.n_lines as double) as in_sessions
    from purchases
    cross join line_totals
    cross join order_totals
    cross join session_totals

    union all

    select
        'orders' as measure,
        cast(purchase_orders.n_orders as double) as in_events,
        cast(line_totals.n_orders as double) as in_order_lines,
        cast(order_totals.n_orders as double) as in_orders,
        null as in_sessions
    from purchase_orders
    cross join line_totals
    cross join order_totals

    union all

    select
        'units' as measure,
        cast(purchases.units as double) as in_events,
        cast(line_totals.units as double) as in_order_lines,
        cast(order_totals.units as double) as in_orders,
        null as in_sessions
    from purchases
    cross join line_totals
    cross join order_totals

    union all

    select
        'revenue' as measure,
        cast(purchases.revenue as double) as in_events,
        cast(line_totals.revenue as double) as in_order_lines,
        cast(order_totals.revenue as double) as in_orders,
        cast(session_totals.revenue as double) as in_sessions
    from purchases
    cross join line_totals
    cross join order_totals
    cross join session_totals

)

select
    measure,
    in_events,
    in_order_lines,
    in_orders,
    in_sessions,
    case
        when abs(in_events - in_order_lines) < 0.005
            and abs(in_events - in_orders) < 0.005
            and abs(in_events - coalesce(in_sessions, in_events)) < 0.005
            then 0
        else 1
    end as disagreements
from measures
order by
    measure
