-- question: Does a product that is cheaper than when the shopper last saw it get into the cart more often?
-- grain: change of the offered price since the shopper's last session with the product
-- technique: as-of join of each first view in a session to the same user's latest earlier view of the
--   product
-- keys: price_change
-- nulls: mean_relative_change, median_days_since_view
-- columns:
--   price_change: change since the user's last session with the product
--   viewed_products: pairs of session and product viewed
--   view_share: their share of all pairs
--   mean_relative_change: mean change of the offered price
--   median_days_since_view: median days since that view
--   carts: pairs in which the product is carted
--   cart_rate: their share
-- meaning: {{ where(price_change='first view').view_share | share }} of products viewed in a session are new
--   to the shopper and are put into the cart in {{ where(price_change='first view').cart_rate | share(2) }}
--   of cases; seen before at the same price it is
--   {{ where(price_change='same price').cart_rate | share(2) }}, now cheaper
--   {{ where(price_change='cheaper now').cart_rate | share(2) }}.

with

events as (
    select * from staging.events
),

session_views as (
    select
        session_id,
        user_id,
        item_id,
        min(ts) as viewed_at,
        max(unit_price * (1 - coalesce(discount_pct, 0) / 100)) as offered_price
    from events
    where event_type = 'view'
    group by session_id, user_id, item_id
),

session_carts as (
    select distinct
        session_id,
        item_id
    from events
    where event_type = 'add_to_cart'
),

compared as (
    select
        session_views.session_id,
        session_views.item_id,
        session_views.offered_price,
        earlier_views.offered_price as earlier_price,
        date_diff('second', earlier_views.viewed_at, session_views.viewed_at) / 86400 as days_since_view
    from session_views
    asof left join session_views as earlier_views
        on session_views.user_id = earlier_views.user_id
        and session_views.item_id = earlier_views.item_id
        and session_views.viewed_at > earlier_views.viewed_at
),

labelled as (
    select
        case
            when compared.days_since_view is null then 'first view'
            when compared.offered_price is null or compared.earlier_price is null then 'price unknown'
            when abs(compared.offered_price - compared.earlier_price) < 0.005 then 'same price'
            when compared.offered_price < compared.earlier_price then 'cheaper now'
            else 'dearer now'
        end as price_change,
        compared.offered_price / nullif(compared.earlier_price, 0) - 1 as relative_change,
        compared.days_since_view,
        session_carts.session_id is not null as carted
    from compared
    left join session_carts
        on compared.session_id = session_carts.session_id
        and compared.item_id = session_carts.item_id
)

select
    price_change,
    count(*) as viewed_products,
    count(*) / sum(count(*)) over () as view_share,
    avg(relative_change) as mean_relative_change,
    median(days_since_view) as median_days_since_view,
    count(*) filter (where carted) as carts,
    count(*) filter (where carted) / count(*) as cart_rate
from labelled
group by price_change
order by price_change
