-- question: What was known about each visitor when the coupon was or was not shown?
-- grain: session
-- technique: range windows that end before the current session, lag within the user
-- keys: session_id
-- nulls: discount_pct, coupon
-- columns:
--   coupon: 1 where a discount was shown
--   converted: 1 where something was bought
--   sessions_7: user's sessions in the 7 days before
--   sessions_30: user's sessions in the 30 days before
--   abandoned_7: of those of 7 days, with a cart and no purchase
--   cart_waiting: 1 where a cart of the last 7 days still waits
--   orders_before: earlier sessions with a purchase
--   sessions_before: earlier sessions
--   days_since_last: days since the end of the session before, 90 without one
--   cart_last: 1 where the session before had a cart
-- meaning: {{ sum.coupon }} of {{ rows }} sessions show a coupon; {{ sum.converted }} of all sessions buy.

with

sessions as (
    select * from marts.sessions
),

history as (
    select
        session_id,
        user_id,
        session_start,
        device,
        channel,
        country,
        discount_pct,
        converted,
        count(*) over week as sessions_7,
        count(*) over month as sessions_30,
        count(*) filter (where has_cart and not converted) over week as abandoned_7,
        count(*) filter (where converted) over everything as orders_before,
        count(*) over everything as sessions_before,
        -- A cart still waits when something was left in it and nothing was ordered since.
        max(session_end) filter (where n_carts > n_removes and not converted) over everything as cart_left_at,
        max(session_end) filter (where converted) over everything as ordered_at,
        date_diff('second', lag(session_end) over everything_row, session_start) / 86400.0
            as days_since_last,
        lag(case when has_cart then 1 else 0 end) over everything_row as cart_last,
        extract(hour from session_start) as hour_of_day,
        extract(isodow from session_start) as weekday_number
    from sessions
    window
        week as (
            partition by user_id
            order by session_start
            range between interval 7 days preceding and interval 1 microsecond preceding
        ),
        month as (
            partition by user_id
            order by session_start
            range between interval 30 days preceding and interval 1 microsecond preceding
        ),
        everything as (
            partition by user_id
            order by session_start
            range between unbounded preceding and interval 1 microsecond preceding
        ),
        everything_row as (
            partition by user_id
            order by session_start, session_id
        )
)

select
    session_id,
    user_id,
    session_start,
    device,
    channel,
    country,
    discount_pct,
    case when discount_pct > 0 then 1 when discount_pct <= 0 then 0 end as coupon,
    case when converted then 1 else 0 end as converted,
    sessions_7,
    sessions_30,
    abandoned_7,
    case
        when
            cart_left_at > session_start - interval 7 days
            and (ordered_at is null or ordered_at < cart_left_at)
            then 1
        else 0
    end as cart_waiting,
    orders_before,
    sessions_before,
    coalesce(days_since_last, 90) as days_since_last,
    coalesce(cart_last, 0) as cart_last,
    hour_of_day,
    weekday_number
from history
order by session_id
