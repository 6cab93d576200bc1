-- question: How is the item in focus doing in the shop?
-- grain: decision
-- technique: counts per item and day, summed over the 7 and 30 days before the day of the decision: nothing
--   of that day itself is used. Days that are asked for and had no event join the counts as zeros
-- keys: decision_id

create or replace table marts.features_item as

with

decisions as (
    select decision_id from marts.decision_points
),

focus as (
    select * from marts.features_focus
),

items as (
    select item_id, rating from staging.items
),

item_days as (
    select item_id, day, n_views, n_carts, n_purchases from marts.features_item_days
),

category_days as (
    select * from marts.features_category_days
),

asked as (
    select distinct item_id, day from focus
),

padded as (
    select item_id, day, n_views, n_carts, n_purchases from item_days
    union all
    select item_id, day, 0, 0, 0 from asked
    anti join item_days using (item_id, day)
),

history as (
    select
        item_id,
        day,
        coalesce(sum(n_views) over day_7, 0) as views_7d,
        coalesce(sum(n_purchases) over day_7, 0) as purchases_7d,
        coalesce(sum(n_views) over day_30, 0) as views_30d,
        coalesce(sum(n_carts) over day_30, 0) as carts_30d,
        coalesce(sum(n_purchases) over day_30, 0) as purchases_30d
    from padded
    window
        day_7 as (
            partition by item_id order by day
            range between interval 7 days preceding and interval 1 day preceding
        ),
        day_30 as (
            partition by item_id order by day
            range between interval 30 days preceding and interval 1 day preceding
        )
),

rates as (
    select
        item_id,
        day,
        views_7d,
        views_30d,
        (carts_30d + 3) / (views_30d + 100) as cart_rate_30d,
        (purchases_7d + 0.6) / (views_7d + 100) as conversion_7d,
        (purchases_30d + 0.6) / (views_30d + 100) as conversion_30d
    from history
),

described as (
    select
        focus.decision_id,
        1000 * rates.views_7d / nullif(category_days.shop_views_7d, 0) as view_share_7d,
        1000 * rates.views_30d / nullif(category_days.shop_views_30d, 0) as view_share_30d,
        rates.cart_rate_30d,
        rates.conversion_7d,
        rates.conversion_30d,
        (category_days.purchases_30d + 0.6) / (category_days.views_30d + 100) as category_conversion_30d,
        focus.unit_price,
        focus.price_position,
        items.rating
    from focus
    join rates on rates.item_id = focus.item_id and rates.day = focus.day
    join category_days on category_days.category = focus.category and category_days.day = focus.day
    left join items on items.item_id = focus.item_id
)

select
    decisions.decision_id,
    round(coalesce(described.view_share_7d, 0), 6)::double as item_view_share_7d,
    round(coalesce(described.view_share_30d, 0), 6)::double as item_view_share_30d,
    round(coalesce(described.cart_rate_30d, 0.03), 6)::double as item_cart_rate_30d,
    round(coalesce(described.conversion_7d, 0.006), 6)::double as item_conversion_7d,
    round(coalesce(described.conversion_30d, 0.006), 6)::double as item_conversion_30d,
    round(coalesce(described.category_conversion_30d, 0.006), 6)::double as category_conversion_30d,
    round(coalesce(described.unit_price, 0), 2) as item_price,
    coalesce(described.price_position, 0)::double as item_price_position,
    round(coalesce(described.rating, 3), 6) as item_rating
from decisions
left join described using (decision_id)
