-- question: How does the session present itself up to the decision?
-- grain: decision
-- technique: at session start only time, device, channel and offers are known; after that what
--   features_progress counts up to the decision is added up over the items
-- keys: decision_id

create or replace table marts.features_session as

with

decisions as (
    select * from marts.decision_points
),

sessions as (
    select session_id, session_start::date as day from marts.features_sessions
),

progress as (
    select * from marts.features_progress
),

items as (
    select item_id, category from staging.items
),

category_days as (
    select category, day, log_price from marts.features_category_days
),

users as (
    select user_id, age_band from staging.users
),

offers as (
    select user_id, min(ts) as shown_at
    from staging.exposures
    where experiment = 'free_shipping' and variant = 'treatment'
    group by user_id
),

so_far as (
    select
        progress.session_id,
        sum(progress.third_views) as third_views,
        sum(progress.third_searches) as third_searches,
        sum(progress.third_carts) as third_carts,
        count(*) filter (where progress.third_views > 0) as third_items,
        sum(progress.third_log_price_sum - progress.third_priced * category_days.log_price)::double
            / nullif(sum(progress.third_priced) filter (where category_days.log_price is not null), 0)
            as third_price_position,
        sum(progress.cart_views) as cart_views,
        sum(progress.cart_searches) as cart_searches,
        count(*) filter (where progress.cart_views > 0) as cart_items,
        sum(progress.cart_log_price_sum - progress.cart_priced * category_days.log_price)::double
            / nullif(sum(progress.cart_priced) filter (where category_days.log_price is not null), 0)
            as cart_price_position
    from progress
    join sessions using (session_id)
    left join items using (item_id)
    left join category_days on
        progress.item_id is not null
        and category_days.category = coalesce(items.category, 'unknown')
        and category_days.day = sessions.day
    group by progress.session_id
),

known as (
    select
        decisions.*,
        case decision when 'after_3_events' then third_views when 'first_cart' then cart_views end as n_views,
        case decision when 'after_3_events' then third_searches when 'first_cart' then cart_searches end
            as n_searches,
        case decision when 'after_3_events' then third_carts when 'first_cart' then 1 end as n_carts,
        case decision when 'after_3_events' then third_items when 'first_cart' then cart_items end as n_items,
        case decision
            when 'after_3_events' then third_price_position
            when 'first_cart' then cart_price_position
        end as price_position
    from decisions
    left join so_far using (session_id)
)

select
    known.decision_id,
    extract(hour from known.decided_at)::integer as hour,
    extract(isodow from known.decided_at)::integer as weekday,
    coalesce(known.device = 'mobile', false)::integer as on_mobile,
    coalesce(known.device = 'desktop', false)::integer as on_desktop,
    coalesce(known.channel = 'email', false)::integer as from_email,
    coalesce(known.channel = 'organic', false)::integer as from_organic,
    coalesce(known.channel = 'paid_search', false)::integer as from_paid_search,
    coalesce(known.channel = 'social', false)::integer as from_social,
    coalesce(known.channel = 'affiliate', false)::integer as from_affiliate,
    coalesce(try_cast(regexp_extract(users.age_band, '^[0-9]+') as integer), 0) as age_from,
    round(known.discount_pct, 6) as coupon_pct,
    coalesce(offers.shown_at <= known.decided_at, false)::integer as free_shipping_shown,
    known.position as events_so_far,
    coalesce(known.n_views, 0)::integer as views_so_far,
    coalesce(known.n_searches, 0)::integer as searches_so_far,
    coalesce(known.n_carts, 0)::integer as carts_so_far,
    coalesce(known.n_items, 0)::integer as items_so_far,
    round(date_sub('microsecond', known.session_start, known.decided_at) / 1e6, 6) as seconds_so_far,
    round(coalesce(known.price_position, 0), 6) as price_position_so_far
from known
left join users using (user_id)
left join offers using (user_id)
