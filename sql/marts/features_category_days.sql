-- question: What was known about each category, and about the shop, on the morning of each day?
-- grain: category and day, with or without an event
-- technique: running sums and range frames that end with the day before: nothing of a day is used on that
--   day
-- keys: category, day
-- nulls: log_price
-- columns:
--   day: day (UTC) on whose morning this was known
--   log_price: mean log price of views on earlier days
--   views_30d: views of the category in the 30 days before
--   purchases_30d: lines bought from it in the 30 days before
--   shop_views_7d: views of the whole shop in the 7 days before
--   shop_views_30d: views of the whole shop in the 30 days before

create or replace table marts.features_category_days as

with

item_days as (
    select * from marts.features_item_days
),

days as (
    select distinct ts::date as day from marts.features_events
),

categories as (
    select distinct category from item_days
),

counts as (
    select
        category,
        day,
        sum(n_views) as n_views,
        sum(n_purchases) as n_purchases,
        sum(n_priced) as n_priced,
        sum(log_price_sum) as log_price_sum
    from item_days
    group by category, day
),

filled as (
    select
        categories.category,
        days.day,
        coalesce(counts.n_views, 0) as n_views,
        coalesce(counts.n_purchases, 0) as n_purchases,
        coalesce(counts.n_priced, 0) as n_priced,
        coalesce(counts.log_price_sum, 0) as log_price_sum
    from categories
    cross join days
    left join counts using (category, day)
),

shop as (
    select
        day,
        sum(sum(n_views)) over (
            order by day range between interval 7 days preceding and interval 1 day preceding
        ) as views_7d,
        sum(sum(n_views)) over (
            order by day range between interval 30 days preceding and interval 1 day preceding
        ) as views_30d
    from filled
    group by day
)

select
    filled.category,
    filled.day,
    round(
        sum(filled.log_price_sum) over earlier / nullif(sum(filled.n_priced) over earlier, 0), 6
    )::decimal(18, 6) as log_price,
    coalesce(sum(filled.n_views) over day_30, 0) as views_30d,
    coalesce(sum(filled.n_purchases) over day_30, 0) as purchases_30d,
    coalesce(shop.views_7d, 0) as shop_views_7d,
    coalesce(shop.views_30d, 0) as shop_views_30d
from filled
join shop using (day)
window
    earlier as (
        partition by filled.category order by filled.day
        rows between unbounded preceding and 1 preceding
    ),
    day_30 as (
        partition by filled.category order by filled.day
        range between interval 30 days preceding and interval 1 day preceding
    )
