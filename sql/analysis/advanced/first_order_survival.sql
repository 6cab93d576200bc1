-- question: How long after the first visit is the first order placed, counting those who have not ordered
--   yet?
-- grain: whole days since the first visit
-- technique: Kaplan-Meier estimate, products as exp of a running sum of logarithms
-- keys: days_since_first_visit
-- columns:
--   days_since_first_visit: whole days since the first visit
--   visitors_at_risk: visitors seen that long who have not ordered before
--   orders: of them, those who place their first order on that day
--   censored: of them, those whose record ends there
--   ordered_share: estimated share who have ordered by then
-- meaning: {{ first.ordered_share | share(2) }} of visitors order on the day of the first visit and an
--   estimated {{ last.ordered_share | share }} within {{ last.days_since_first_visit }} days, those still
--   undecided at the end counted as undecided.

with

customers as (
    select * from marts.customers
),

period as (
    select max(last_seen) as end_ts
    from customers
),

durations as (
    select
        floor(
            date_diff('second', customers.first_seen, coalesce(customers.first_order_ts, period.end_ts))
            / 86400
        )::integer as days_since_first_visit,
        case when customers.first_order_ts is null then 0 else 1 end as ordered
    from customers
    cross join period
    where customers.first_seen is not null
),

by_day as (
    select
        days_since_first_visit,
        count(*) as leaving,
        sum(ordered) as orders
    from durations
    group by days_since_first_visit
),

at_risk as (
    select
        days_since_first_visit,
        orders,
        leaving - orders as censored,
        sum(leaving) over (
            order by days_since_first_visit desc
            rows between unbounded preceding and current row
        ) as visitors_at_risk
    from by_day
),

hazards as (
    select
        days_since_first_visit,
        visitors_at_risk,
        orders,
        censored,
        case when orders < visitors_at_risk then ln(1 - orders / visitors_at_risk) end as log_stay,
        sum(case when orders < visitors_at_risk then 0 else 1 end) over (
            order by days_since_first_visit
            rows between unbounded preceding and current row
        ) as exhausted
    from at_risk
)

select
    days_since_first_visit,
    visitors_at_risk,
    orders,
    censored,
    case
        when exhausted > 0 then 1.0
        else 1 - exp(sum(log_stay) over (
            order by days_since_first_visit
            rows between unbounded preceding and current row
        ))
    end as ordered_share
from hazards
order by days_since_first_visit
