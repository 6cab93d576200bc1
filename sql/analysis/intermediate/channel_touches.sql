-- question: Through which channels did each customer come, up to each purchase?
-- grain: session, numbered within the path that ends at a purchase or at the end of the data
-- technique: running count of purchases as a path number, window over the path
-- keys: path_id, touch
-- columns:
--   path_id: number of the path, by user and time
--   touch: place of the session in its path
--   is_converting: 1 where the session buys
--   path_converts: 1 where the path ends in a purchase
--   days_to_end: days from the start of the session to the end of its path
-- meaning: {{ distinct.path_id }} paths hold {{ rows }} visits; {{ sum.is_converting }} of the visits bought.

with

sessions as (
    select * from marts.sessions
),

numbered as (
    select
        user_id,
        session_id,
        session_start,
        session_end,
        channel,
        converted,
        coalesce(
            sum(case when converted then 1 else 0 end) over (
                partition by user_id
                order by session_start, session_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as purchases_before
    from sessions
)

select
    dense_rank() over (order by user_id, purchases_before) as path_id,
    row_number() over (
        partition by user_id, purchases_before
        order by session_start, session_id
    ) as touch,
    user_id,
    session_id,
    channel,
    case when converted then 1 else 0 end as is_converting,
    max(case when converted then 1 else 0 end) over (partition by user_id, purchases_before) as path_converts,
    date_diff(
        'second',
        session_start,
        max(session_end) over (partition by user_id, purchases_before)
    ) / 86400.0 as days_to_end
from numbered
order by path_id, touch
