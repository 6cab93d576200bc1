-- question: What kind of visitor has the user been so far?
-- grain: session, as of its start; the session itself is not part of its history
-- technique: ratios of running sums of whole numbers and decimals over the earlier sessions of the user.
--   Rates are drawn to a prior worth ten sessions, because most users have few
-- keys: session_id

create or replace table marts.features_intent as

with

sessions as (
    select * from marts.features_sessions
),

categories as (
    select * from marts.features_categories
),

spread as (
    select
        session_id,
        sum(squares_added) as squares_added,
        sum(n_views) as views_added,
        sum(n_positioned) as n_positioned,
        sum(position_sum) as position_sum
    from categories
    group by session_id
),

sums as (
    select
        sessions.session_id,
        count(*) over earlier as n_sessions,
        coalesce(sum(has_cart::integer) over earlier, 0) as n_with_cart,
        coalesce(sum(has_checkout::integer) over earlier, 0) as n_with_checkout,
        coalesce(sum(converted::integer) over earlier, 0) as n_converted,
        coalesce(sum(is_abandoned::integer) over day_7, 0) as abandoned_carts_7d,
        coalesce(sum(is_abandoned::integer) over day_30, 0) as abandoned_carts_30d,
        sum(n_events) over earlier as n_events,
        sum(n_searches) over earlier as n_searches,
        sum(n_views) over earlier as n_views,
        sum(n_items_viewed) over earlier as n_items_viewed,
        sum(duration_s) over earlier as duration_s,
        sum(n_priced) over day_30 as n_priced_30d,
        sum(price_sum) over day_30 as price_sum_30d,
        sum(n_positioned) over earlier as n_positioned,
        sum(position_sum) over earlier as position_sum,
        sum(has_coupon::integer) over earlier as n_with_coupon,
        sum((channel = 'social')::integer) over earlier as n_by_social,
        max(has_cart::integer + has_checkout::integer + converted::integer) over earlier as furthest_step,
        sum(squares_added) over earlier as squares,
        sum(views_added) over earlier as n_in_category
    from sessions
    left join spread using (session_id)
    window
        earlier as (
            partition by sessions.user_id order by sessions.start_us
            rows between unbounded preceding and 1 preceding
        ),
        day_7 as (
            partition by sessions.user_id order by sessions.start_us
            range between 604_800_000_000 preceding and 1 preceding
        ),
        day_30 as (
            partition by sessions.user_id order by sessions.start_us
            range between 2_592_000_000_000 preceding and 1 preceding
        )
)

select
    session_id,
    round((n_converted + 0.5) / (n_sessions + 10.0), 6)::double as past_conversion_rate,
    round((n_with_cart + 2.0) / (n_sessions + 10.0), 6)::double as past_cart_rate,
    round((n_with_checkout + 1.0) / (n_sessions + 10.0), 6)::double as past_checkout_rate,
    abandoned_carts_7d::integer as abandoned_carts_7d,
    abandoned_carts_30d::integer as abandoned_carts_30d,
    round(coalesce(n_searches / nullif(n_events, 0), 0), 6)::double as search_share,
    round(coalesce(n_views / nullif(n_sessions, 0), 0), 6)::double as views_per_session,
    round(coalesce(n_views / nullif(n_items_viewed, 0), 0), 6)::double as views_per_item,
    round(coalesce(duration_s::double / nullif(n_events - n_sessions, 0), 0), 6) as seconds_per_event,
    round(coalesce(price_sum_30d::double / nullif(n_priced_30d, 0), 0), 6) as mean_price_viewed_30d,
    round(coalesce(position_sum::double / nullif(n_positioned, 0), 0), 6) as usual_price_position,
    round(coalesce(n_with_coupon / nullif(n_sessions, 0), 0), 6)::double as coupon_share,
    round(coalesce(n_by_social / nullif(n_sessions, 0), 0), 6)::double as social_share,
    coalesce(furthest_step, 0)::integer as furthest_step_before,
    round(coalesce(squares / nullif(n_in_category * n_in_category, 0), 0), 6)::double
        as category_concentration
from sums
