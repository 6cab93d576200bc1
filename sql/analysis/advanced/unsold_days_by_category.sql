-- question: For how many days in a row does a category sell nothing?
-- grain: category
-- tables: marts.order_lines, staging.items
-- level: advanced
-- technique: recursive calendar, anti join, gaps and islands on the days without a sale
-- keys: category
-- meaning: {argmax.longest_run_days.category} has the longest run without a sale, {max.longest_run_days}
--   days; it sold nothing on {argmax.longest_run_days.days_without_sale} of {first.days} days.

with recursive

calendar as (

    select
        min(cast(order_ts as date)) as day,
        max(cast(order_ts as date)) as last_day
    from marts.order_lines

    union all

    select
        cast(day + interval '1 day' as date) as day,
        last_day
    from calendar
    where
        day < last_day

),

order_lines as (

    select * from marts.order_lines

),

categories as (

    select distinct
        category
    from staging.items

),

sold as (

    select distinct
        category,
        cast(order_ts as date) as day
    from order_lines

),

unsold as (

    select
        categories.category,
        calendar.day,
        date_diff('day', date '2000-01-01', calendar.day)
            - row_number() over (partition by categories.category order by calendar.day) as island
    from categories
    cross join calendar
    left join sold
        on categories.category = sold.category
        and calendar.day = sold.day
    where
        sold.day is null

),

runs as (

    select
        category,
        island,
        count(*) as days
    from unsold
    group by
        category,
        island

),

days as (

    select
        count(*) as days
    from calendar

),

run_totals as (

    select
        category,
        sum(days) as days_without_sale,
        max(days) as longest_run_days
    from runs
    group by
        category

)

select
    categories.category,
    days.days,
    coalesce(run_totals.days_without_sale, 0) as days_without_sale,
    coalesce(run_totals.longest_run_days, 0) as longest_run_days
from categories
cross join days
left join run_totals
    on categories.category = run_totals.category
order by
    categories.category
