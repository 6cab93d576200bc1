-- question: Do the order tables still hold exactly what the purchase events say?
-- grain: measure
-- technique: one measure at four grains, unpivoted with union all
-- keys: measure
-- nulls: in_events, in_order_lines, in_orders, in_sessions
-- columns:
--   measure: what is counted
--   in_events: counted from the purchase events
--   in_order_lines: counted from the order lines
--   in_orders: counted from the orders
--   in_sessions: counted from the sessions
--   disagreements: 1 where two of them differ
-- meaning: {{ sum.disagreements }} of {{ rows }} measures disagree between events and marts; revenue from the
--   events is {{ where(measure='revenue').in_events | eur(2) }} and from the orders
--   {{ where(measure='revenue').in_orders | eur(2) }}.

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

-- The revenue of an order is known when the price of each of its lines is.
moments as (
    select
        count(*) as n_lines,
        sum(quantity) as units,
        case
            when count(unit_price) = count(*)
                then sum((quantity * unit_price * (1 - coalesce(discount_pct, 0) / 100))::decimal(18, 6))
        end as revenue
    from events
    where event_type = 'purchase'
    group by user_id, ts
),

purchases as (
    select count(*) as n_orders, sum(n_lines) as n_lines, sum(units) as units, sum(revenue) as revenue
    from moments
),

known_orders as (
    select
        order_id,
        count(*) as n_lines,
        sum(quantity) as units,
        case when count(net_revenue) = count(*) then sum(net_revenue::decimal(18, 6)) end as revenue
    from order_lines
    group by order_id
),

line_totals as (
    select count(*) as n_orders, sum(n_lines) as n_lines, sum(units) as units, sum(revenue) as revenue
    from known_orders
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
        case when count(revenue) = count(*) then sum(revenue::decimal(18, 6)) end as revenue
    from sessions
),

totals as (
    select
        purchases.*,
        line_totals.n_orders as line_orders,
        line_totals.n_lines as line_lines,
        line_totals.units as line_units,
        line_totals.revenue as line_revenue,
        order_totals.n_orders as order_orders,
        order_totals.n_lines as order_lines,
        order_totals.units as order_units,
        order_totals.revenue as order_revenue,
        session_totals.n_lines as session_lines,
        session_totals.revenue as session_revenue
    from purchases
    cross join line_totals
    cross join order_totals
    cross join session_totals
),

measures as (
    select
        'order lines' as measure,
        n_lines::double as in_events,
        line_lines::double as in_order_lines,
        order_lines::double as in_orders,
        session_lines::double as in_sessions
    from totals
    union all
    select 'orders', n_orders::double, line_orders::double, order_orders::double, null
    from totals
    union all
    select 'units', units::double, line_units::double, order_units::double, null
    from totals
    union all
    select 'revenue', revenue::double, line_revenue::double, order_revenue::double, session_revenue::double
    from totals
)

select
    measure,
    in_events,
    in_order_lines,
    in_orders,
    in_sessions,
    case
        when coalesce(in_events, in_order_lines, in_orders, in_sessions) is null then 0
        when abs(in_events - in_order_lines) < 0.005
            and abs(in_events - in_orders) < 0.005
            and abs(in_events - coalesce(in_sessions, in_events)) < 0.005
            then 0
        else 1
    end as disagreements
from measures
order by measure
