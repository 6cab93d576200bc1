-- question: What price did shoppers last see before they put a product into the cart, and was it the price charged?
-- grain: change between the price last seen and the price in the cart
-- tables: staging.events
-- level: advanced
-- technique: as-of join of each cart addition to the latest view of the same product by the same user
-- keys: price_change
-- meaning: {where.price_change=same price.cart_share:share} of additions to the cart carry exactly the price last seen,
--   {where.price_change=cheaper in the cart.cart_share:share} a lower one; {where.price_change=never viewed.cart_share:share} of
--   additions are of products the shopper had not viewed.

with

events as (

    select * from staging.events

),

views as (

    select
        user_id,
        item_id,
        ts,
        unit_price * (1 - coalesce(discount_pct, 0) / 100) as price_seen
    from events
    where
        event_type = 'view'

),

carts as (

    select
        event_id,
        user_id,
        item_id,
        ts,
        unit_price * (1 - coalesce(discount_pct, 0) / 100) as price_in_cart
    from events
    where
        event_type = 'add_to_cart'

),

matched as (

    select
        carts.event_id,
        carts.price_in_cart,
        views.price_seen,
        date_diff('second', views.ts, carts.ts) / 60 as minutes_since_view
    from carts
    asof left join views
        on carts.user_id = views.user_id
        and carts.item_id = views.item_id
        and carts.ts >= views.ts

)

select
    case
        when price_seen is null then 'never viewed'
        when abs(price_in_cart - price_seen) < 0.005 then 'same price'
        when price_in_cart < price_seen then 'cheaper in the cart'
        else 'dearer in the cart'
    end as price_change,
    count(*) as carts,
    count(*) / sum(count(*)) over () as cart_share,
    avg(price_in_cart) as mean_price_in_cart,
    coalesce(avg(price_seen), 0) as mean_price_seen,
    coalesce(median(minutes_since_view), 0) as median_minutes_since_view
from matched
group by
    case
        when price_seen is null then 'never viewed'
        when abs(price_in_cart - price_seen) < 0.005 then 'same price'
        when price_in_cart < price_seen then 'cheaper in the cart'
        else 'dearer in the cart'
    end
order by
    price_change
