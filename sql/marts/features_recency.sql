-- question: How long is it since the user last did something?
-- grain: session, as of its start; the session itself is not part of its history
-- technique: running maxima over the earlier sessions of the user. Never: 365 days, which is also the most
-- keys: session_id

create or replace table marts.features_recency as

with

sessions as (
    select * from marts.features_sessions
),

users as (
    select user_id, signup_ts from staging.users
),

earlier as (
    select
        session_id,
        user_id,
        session_start,
        min(session_start) over earlier as first_start,
        max(session_end) over earlier as last_end,
        max(last_carted_at) over earlier as last_carted_at,
        max(last_ordered_at) over earlier as last_ordered_at,
        max(if(is_abandoned, session_end, null)) over earlier as last_abandoned_at,
        count(*) over earlier as n_sessions
    from sessions
    window earlier as (
        partition by user_id
        order by session_id
        rows between unbounded preceding and 1 preceding
    )
),

elapsed as (
    select
        earlier.session_id,
        earlier.n_sessions,
        date_sub('microsecond', earlier.last_end, earlier.session_start) / 86_400_000_000 as session_days,
        date_sub('microsecond', earlier.last_carted_at, earlier.session_start) / 86_400_000_000 as cart_days,
        date_sub('microsecond', earlier.last_ordered_at, earlier.session_start) / 86_400_000_000
            as order_days,
        case
            when earlier.last_ordered_at is null or earlier.last_abandoned_at > earlier.last_ordered_at
                then
                    date_sub('microsecond', earlier.last_abandoned_at, earlier.session_start) / 86_400_000_000
        end as open_cart_days,
        date_sub('microsecond', earlier.first_start, earlier.session_start) / 86_400_000_000 as observed_days,
        date_sub('microsecond', users.signup_ts, earlier.session_start) / 86_400_000_000 as account_days
    from earlier
    left join users using (user_id)
)

select
    session_id,
    round(least(coalesce(session_days, 365), 365), 6) as days_since_last_session,
    round(least(coalesce(cart_days, 365), 365), 6) as days_since_last_cart,
    round(least(coalesce(order_days, 365), 365), 6) as days_since_last_order,
    round(least(coalesce(open_cart_days, 365), 365), 6) as days_since_abandoned_cart,
    round(coalesce(observed_days, 0), 6) as days_since_first_session,
    round(greatest(coalesce(account_days, observed_days, 0), 0), 6) as account_age_days,
    round(least(coalesce(observed_days / nullif(n_sessions, 0), 365), 365), 6) as days_per_session
from elapsed
