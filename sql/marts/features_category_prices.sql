-- Question:  what had items of a category cost by the morning of each day?
-- Grain:     one row per category and day with a view of it
-- Technique: running sums that end with the day before, so that no price of the same or a later day counts.
--            Logarithms are rounded to decimals: their sum is the same on every run
create or replace table marts.features_category_prices as

with

views as (
    select item_id, ts, unit_price from staging.events
    where event_type = 'view' and item_id is not null
),

items as (
    select item_id, category from staging.items
),

category_days as (
    select
        coalesce(items.category, 'unknown') as category,
        views.ts::date as day,
        count(*) filter (where views.unit_price > 0) as n_priced,
        sum(if(views.unit_price > 0, round(ln(views.unit_price), 6)::decimal(18, 6), null)) as log_price,
    from views
    left join items using (item_id)
    group by all
)

select
    category,
    day,
    round(sum(log_price) over earlier / sum(n_priced) over earlier, 6)::decimal(18, 6) as log_price,
from category_days
window earlier as (
    partition by category
    order by day
    rows between unbounded preceding and 1 preceding
)
