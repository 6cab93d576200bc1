-- question: How often did the user come, look, cart and buy lately?
-- grain: session, as of its start; the session itself is not part of its history
-- technique: running sums over the earlier sessions of the user, less what they were when the window of 1, 7
--   or 30 days began: at its first session. One look-up a window takes the place of a sum for every count.
--   What happened in a session counts where the session started
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
),

counted as (
    select
        session_id,
        user_id,
        start_us,
        {
            'sessions': (count(*) over earlier)::integer,
            'views': coalesce(sum(n_views) over earlier, 0)::integer,
            'searches': coalesce(sum(n_searches) over earlier, 0)::integer,
            'carts': coalesce(sum(has_cart) over earlier, 0)::integer,
            'orders': coalesce(sum(converted) over earlier, 0)::integer,
            'email': coalesce(sum(by_email) over earlier, 0)::integer,
            'organic': coalesce(sum(by_organic) over earlier, 0)::integer,
            'social': coalesce(sum(by_social) over earlier, 0)::integer,
            'paid_search': coalesce(sum(by_paid_search) over earlier, 0)::integer
        } as before
    from sessions
    window earlier as (
        partition by user_id order by start_us
        rows between unbounded preceding and 1 preceding
    )
),

framed as (
    select
        session_id,
        before,
        first_value(before) over (
            partition by user_id order by start_us
            range between 86_400_000_000 preceding and current row
        ) as day_1,
        first_value(before) over (
            partition by user_id order by start_us
            range between 604_800_000_000 preceding and current row
        ) as day_7,
        first_value(before) over (
            partition by user_id order by start_us
            range between 2_592_000_000_000 preceding and current row
        ) as day_30
    from counted
)

select
    session_id,
    before.sessions - day_1.sessions as sessions_1d,
    before.sessions - day_7.sessions as sessions_7d,
    before.sessions - day_30.sessions as sessions_30d,
    before.sessions as sessions_before,
    before.views - day_1.views as views_1d,
    before.views - day_7.views as views_7d,
    before.views - day_30.views as views_30d,
    before.views as views_before,
    before.searches - day_30.searches as searches_30d,
    before.carts - day_7.carts as carts_7d,
    before.carts - day_30.carts as carts_30d,
    before.orders - day_30.orders as orders_30d,
    before.orders as orders_before,
    before.email - day_7.email as email_visits_7d,
    before.email - day_30.email as email_visits_30d,
    before.organic - day_7.organic as organic_visits_7d,
    before.organic - day_30.organic as organic_visits_30d,
    before.social - day_30.social as social_visits_30d,
    before.paid_search - day_30.paid_search as paid_search_visits_30d
from framed
