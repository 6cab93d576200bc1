-- question: How are order values, session lengths and browsing depth spread?
-- grain: measure
-- technique: ordered-set percentiles over a union of measures
-- keys: measure
-- nulls: mean_amount, p10, p25, p50, p75, p90, p95, p99
-- columns:
--   measure: what is measured
--   observations: values
--   mean_amount: mean
--   p10: percentile 10
--   p25: percentile 25
--   p50: percentile 50
--   p75: percentile 75
--   p90: percentile 90
--   p95: percentile 95
--   p99: percentile 99
-- meaning: Half of all orders are worth {{ where(measure='order value (EUR)').p50 | eur(2) }} or less, and
--   one in ten more than {{ where(measure='order value (EUR)').p90 | eur(2) }}.

with

orders as (
    select * from marts.orders
),

sessions as (
    select * from marts.sessions
),

measured as (
    select
        'order value (EUR)' as measure,
        net_revenue as amount
    from orders
    union all
    select
        'session length (minutes)' as measure,
        duration_s / 60 as amount
    from sessions
    union all
    select
        'events in a session' as measure,
        n_events::double as amount
    from sessions
)

select
    measure,
    count(amount) as observations,
    avg(amount) as mean_amount,
    percentile_cont(0.1) within group (order by amount) as p10,
    percentile_cont(0.25) within group (order by amount) as p25,
    percentile_cont(0.5) within group (order by amount) as p50,
    percentile_cont(0.75) within group (order by amount) as p75,
    percentile_cont(0.9) within group (order by amount) as p90,
    percentile_cont(0.95) within group (order by amount) as p95,
    percentile_cont(0.99) within group (order by amount) as p99
from measured
group by measure
order by measure
