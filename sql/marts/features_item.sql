-- Question:  how is the item in focus doing in the shop?
-- Grain:     one row per decision
-- Technique: counts per item and day, summed over the 7 and 30 days before the day of the decision: nothing of
--            that day itself is used. Days that are asked for and had no event join the counts as zeros
create or replace table marts.features_item as

with

decisions as (
    select decision_id from marts.decision_points
),

focus as (
    select * from marts.features_focus
),

events as (
    select item_id, category, day, event_type from marts.features_events
    where item_id is not null
),

items as (
    select item_id, rating from staging.items
),

item_days as (
    select
        item_id,
        category,
        day,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'add_to_cart') as n_carts,
        count(*) filter (where event_type = 'purchase') as n_purchases,
    from events
    group by item_id, category, day
),

asked as (
    select distinct item_id, category, day from focus
),

padded as (
    select item_id, category, day, n_views, n_carts, n_purchases from item_days
    union all
    select item_id, category, day, 0, 0, 0 from asked
    anti join item_days using (item_id, category, day)
),

item_history as (
    select
        item_id,
        category,
        day,
        coalesce(sum(n_views) over day_7, 0) as views_7d,
        coalesce(sum(n_views) over day_30, 0) as views_30d,
        coalesce(sum(n_carts) over day_30, 0) as carts_30d,
        coalesce(sum(n_purchases) over day_7, 0) as purchases_7d,
        coalesce(sum(n_purchases) over day_30, 0) as purchases_30d,
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

category_days as (
    select
        category,
        day,
        sum(n_views) as n_views,
        sum(n_purchases) as n_purchases,
    from padded
    group by category, day
),

category_history as (
    select
        category,
        day,
        coalesce(sum(n_views) over day_30, 0) as views_30d,
        coalesce(sum(n_purchases) over day_30, 0) as purchases_30d,
    from category_days
    window day_30 as (
        partition by category order by day
        range between interval 30 days preceding and interval 1 day preceding
    )
),

shop_days as (
    select day, sum(n_views) as n_views
    from padded
    group by day
),

shop_history as (
    select
        day,
        sum(n_views) over (
            order by day range between interval 7 days preceding and interval 1 day preceding
        ) as views_7d,
        sum(n_views) over (
            order by day range between interval 30 days preceding and interval 1 day preceding
        ) as views_30d,
    from shop_days
),

described as (
    select
        focus.decision_id,
        1000 * item_history.views_7d / nullif(shop_history.views_7d, 0) as view_share_7d,
        1000 * item_history.views_30d / nullif(shop_history.views_30d, 0) as view_share_30d,
        (item_history.carts_30d + 3) / (item_history.views_30d + 100) as cart_rate_30d,
        (item_history.purchases_7d + 0.6) / (item_history.views_7d + 100) as conversion_7d,
        (item_history.purchases_30d + 0.6) / (item_history.views_30d + 100) as conversion_30d,
        (category_history.purchases_30d + 0.6) / (category_history.views_30d + 100) as category_conversion_30d,
        focus.unit_price,
        focus.price_position,
        items.rating,
    from focus
    join item_history using (item_id, day)
    join category_history on
        category_history.category = focus.category and category_history.day = focus.day
    join shop_history on shop_history.day = focus.day
    left join items using (item_id)
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
    round(coalesce(described.rating, 3), 6) as item_rating,
from decisions
left join described using (decision_id)
