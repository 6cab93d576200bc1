-- question: Through which channels did each customer come, up to each purchase?
-- grain: session, numbered within the path that ends at a purchase or at the end of the data
-- tables: marts.sessions
-- level: intermediate
-- technique: running count of purchases as a path number, window over the path
-- keys: path_id, touch
-- meaning: {distinct.path_id} paths hold {rows} visits; {sum.is_converting} of the visits bought.

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
order by
    path_id,
    touch
