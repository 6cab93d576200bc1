-- question: For how many days in a row does a category sell nothing?
-- grain: category
-- tables: marts.order_lines, staging.items
-- level: advanced
-- technique: lag over the days with a sale, the days before and after the period as sentinels
-- keys: category
-- meaning: {argmax.longest_run_days.category} has the longest run without a sale, {max.longest_run_days}
--   days; it sold nothing on {argmax.longest_run_days.days_without_sale} of {first.days} days.

with

order_lines as (

    select * from marts.order_lines

),

items as (

    select * from staging.items

),

period as (

    select
        min(cast(order_ts as date)) as first_day,
        max(cast(order_ts as date)) as last_day
    from order_lines

),

borders as (

    select
        items.category,
        period.first_day,
        period.last_day
    from items
    cross join period
    group by
        items.category,
        period.first_day,
        period.last_day

),

marks as (

    select
        category,
        cast(order_ts as date) as day
    from order_lines

    union

    select
        category,
        cast(first_day - interval '1 day' as date) as day
    from borders

    union

    select
        category,
        cast(last_day + interval '1 day' as date) as day
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
    coalesce(sum(runs.days), 0) as days_without_sale,
    coalesce(max(runs.days), 0) as longest_run_days
from borders
inner join runs
    on borders.category = runs.category
group by
    borders.category,
    borders.first_day,
    borders.last_day
order by
    borders.category
