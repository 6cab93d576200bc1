-- question: How often did the user come, look, cart and buy lately?
-- grain: session, as of its start; the session itself is not part of its history
-- technique: range frames over the sessions of the user: those that started at least a microsecond and at
--   most 1, 7 or 30 days earlier. What happened in a session counts where the session started
-- keys: session_id

create or replace table marts.features_frequency as

with

sessions as (
    select
        session_id,
        user_id,
        start_us,
        n_views,
        n_searches,
        has_cart::integer as has_cart,
        converted::integer as converted,
        (channel = 'email')::integer as by_email,
        (channel = 'organic')::integer as by_organic,
        (channel = 'social')::integer as by_social,
        (channel = 'paid_search')::integer as by_paid_search
    from marts.features_sessions
)

select
    session_id,
    (count(*) over day_1)::integer as sessions_1d,
    (count(*) over day_7)::integer as sessions_7d,
    (count(*) over day_30)::integer as sessions_30d,
    (count(*) over earlier)::integer as sessions_before,
    coalesce(sum(n_views) over day_1, 0)::integer as views_1d,
    coalesce(sum(n_views) over day_7, 0)::integer as views_7d,
    coalesce(sum(n_views) over day_30, 0)::integer as views_30d,
    coalesce(sum(n_views) over earlier, 0)::integer as views_before,
    coalesce(sum(n_searches) over day_30, 0)::integer as searches_30d,
    coalesce(sum(has_cart) over day_7, 0)::integer as carts_7d,
    coalesce(sum(has_cart) over day_30, 0)::integer as carts_30d,
    coalesce(sum(converted) over day_30, 0)::integer as orders_30d,
    coalesce(sum(converted) over earlier, 0)::integer as orders_before,
    coalesce(sum(by_email) over day_7, 0)::integer as email_visits_7d,
    coalesce(sum(by_email) over day_30, 0)::integer as email_visits_30d,
    coalesce(sum(by_organic) over day_7, 0)::integer as organic_visits_7d,
    coalesce(sum(by_organic) over day_30, 0)::integer as organic_visits_30d,
    coalesce(sum(by_social) over day_30, 0)::integer as social_visits_30d,
    coalesce(sum(by_paid_search) over day_30, 0)::integer as paid_search_visits_30d
from sessions
window
    earlier as (
        partition by user_id order by start_us
        rows between unbounded preceding and 1 preceding
    ),
    day_1 as (
        partition by user_id order by start_us
        range between 86_400_000_000 preceding and 1 preceding
    ),
    day_7 as (
        partition by user_id order by start_us
        range between 604_800_000_000 preceding and 1 preceding
    ),
    day_30 as (
        partition by user_id order by start_us
        range between 2_592_000_000_000 preceding and 1 preceding
    )
