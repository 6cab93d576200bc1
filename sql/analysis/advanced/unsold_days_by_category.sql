-- question: For how many days in a row does a category sell nothing?
-- grain: category
-- technique: lag over the days with a sale, the days before and after the period as sentinels
-- keys: category
-- nulls: days, days_without_sale, longest_run_days
-- columns:
--   days: days from the first to the last order
--   days_without_sale: of them, those without a sale of the category
--   longest_run_days: most of those in a row
-- meaning: {{ argmax.longest_run_days.category }} has the longest run without a sale,
--   {{ max.longest_run_days }} days; it sold nothing on {{ argmax.longest_run_days.days_without_sale }} of
--   {{ first.days }} days.

with

order_lines as (
    select * from marts.order_lines
),

items as (
    select * from staging.items
),

period as (
    select
        min(order_ts::date) as first_day,
        max(order_ts::date) as last_day
    from order_lines
),

borders as (
    select
        items.category,
        period.first_day,
        period.last_day
    from items
    cross join period
    group by items.category, period.first_day, period.last_day
),

marks as (
    select
        category,
        order_ts::date as day
    from order_lines
    union
    select
        category,
        (first_day - interval '1 day')::date as day
    from borders
    union
    select
        category,
        (last_day + interval '1 day')::date as day
    from borders
),

runs as (
    select
        category,
        date_diff('day', lag(day) over (partition by category order by day), day) - 1 as days
    from marks
)

select
    borders.category,
    date_diff('day', borders.first_day, borders.last_day) + 1 as days,
    sum(runs.days) as days_without_sale,
    max(runs.days) as longest_run_days
from borders
join runs on borders.category = runs.category
group by borders.category, borders.first_day, borders.last_day
order by borders.category
