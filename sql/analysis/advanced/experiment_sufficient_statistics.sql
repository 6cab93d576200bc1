-- question: What are the sufficient statistics of each experiment, arm and metric?
-- grain: experiment x variant x metric
-- technique: first exposure per user, before and after joins, sums, squares and cross-products for Welch,
--   CUPED and ratio metrics, around a shift so that they do not cancel
-- keys: experiment, variant, metric
-- columns:
--   metric: converted, orders, revenue or sessions
--   n: users
--   sum_y: sum of the metric after exposure, less the shift
--   sum_yy: sum of the squares of the same
--   sum_x: sum of the metric before exposure, less the shift
--   sum_xx: sum of the squares of the same
--   sum_xy: sum of the products of both
--   shift_y: whole number near the mean after exposure
--   shift_x: whole number near the mean before exposure
--   sum_d: sum of the sessions after exposure
--   sum_dd: sum of their squares
--   sum_dy: sum of their products with the metric
-- meaning: {{ distinct.experiment }} experiments, {{ distinct.metric }} metrics: y is the metric after the
--   first exposure, x the same before it, both less a whole number near their mean (the shift), d the user's
--   sessions after it; an engine needs these sums and nothing else.

with

exposures as (
    select * from staging.exposures
),

sessions as (
    select * from marts.sessions
),

orders as (
    select * from marts.orders
),

recorded as (
    select * from marts.recorded
),

exposed as (
    select
        experiment,
        user_id,
        min(variant) as variant,
        min(ts) as exposed_at
    from exposures
    group by experiment, user_id
    having count(distinct variant) = 1
),

user_sessions as (
    select
        exposed.experiment,
        exposed.user_id,
        count(*) filter (where sessions.session_end >= exposed.exposed_at) as sessions_after,
        count(*) filter (where sessions.session_end < exposed.exposed_at) as sessions_before
    from exposed
    join sessions on exposed.user_id = sessions.user_id
    group by exposed.experiment, exposed.user_id
),

user_orders as (
    select
        exposed.experiment,
        exposed.user_id,
        count(*) filter (where orders.order_ts >= exposed.exposed_at) as orders_after,
        count(*) filter (where orders.order_ts < exposed.exposed_at) as orders_before,
        sum(
            case when orders.order_ts >= exposed.exposed_at then orders.net_revenue::decimal(18, 6) else 0 end
        ) as revenue_after,
        sum(
            case when orders.order_ts < exposed.exposed_at then orders.net_revenue::decimal(18, 6) else 0 end
        ) as revenue_before
    from exposed
    join orders on exposed.user_id = orders.user_id
    group by exposed.experiment, exposed.user_id
),

users as (
    select
        exposed.experiment,
        exposed.variant,
        coalesce(user_sessions.sessions_after, 0) as sessions_after,
        coalesce(user_sessions.sessions_before, 0) as sessions_before,
        coalesce(user_orders.orders_after, 0) as orders_after,
        coalesce(user_orders.orders_before, 0) as orders_before,
        coalesce(user_orders.revenue_after, 0) as revenue_after,
        coalesce(user_orders.revenue_before, 0) as revenue_before
    from exposed
    left join user_sessions
        on exposed.experiment = user_sessions.experiment
        and exposed.user_id = user_sessions.user_id
    left join user_orders
        on exposed.experiment = user_orders.experiment
        and exposed.user_id = user_orders.user_id
),

-- Decimals of more than 18 digits, so that a square fits and its sum does not depend on the order of rows.
metrics as (
    select
        experiment,
        variant,
        'converted' as metric,
        (case when orders_after > 0 then 1 else 0 end)::decimal(19, 6) as y,
        (case when orders_before > 0 then 1 else 0 end)::decimal(19, 6) as x,
        sessions_after as d
    from users
    union all
    select
        experiment,
        variant,
        'orders' as metric,
        orders_after::decimal(19, 6) as y,
        orders_before::decimal(19, 6) as x,
        sessions_after as d
    from users
    union all
    select
        experiment,
        variant,
        'revenue' as metric,
        revenue_after::decimal(19, 6) as y,
        revenue_before::decimal(19, 6) as x,
        sessions_after as d
    from users
    cross join recorded
    where recorded.has_revenue
    union all
    select
        experiment,
        variant,
        'sessions' as metric,
        sessions_after::decimal(19, 6) as y,
        sessions_before::decimal(19, 6) as x,
        sessions_after as d
    from users
),

shifts as (
    select
        experiment,
        metric,
        round(avg(y))::decimal(19, 6) as shift_y,
        round(avg(x))::decimal(19, 6) as shift_x
    from metrics
    group by experiment, metric
),

shifted as (
    select
        metrics.experiment,
        metrics.variant,
        metrics.metric,
        shifts.shift_y,
        shifts.shift_x,
        (metrics.y - shifts.shift_y)::decimal(19, 6) as y,
        (metrics.x - shifts.shift_x)::decimal(19, 6) as x,
        metrics.d
    from metrics
    join shifts
        on metrics.experiment = shifts.experiment
        and metrics.metric = shifts.metric
)

select
    experiment,
    variant,
    metric,
    count(*) as n,
    sum(y) as sum_y,
    sum(y * y) as sum_yy,
    sum(x) as sum_x,
    sum(x * x) as sum_xx,
    sum(x * y) as sum_xy,
    shift_y,
    shift_x,
    sum(d) as sum_d,
    sum(d * d) as sum_dd,
    sum(d * y) as sum_dy
from shifted
group by experiment, variant, metric, shift_y, shift_x
order by experiment, variant, metric
