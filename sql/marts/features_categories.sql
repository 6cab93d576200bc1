-- Question:  how often had the user looked at each category before and after each session?
-- Grain:     one row per session and category that occurs in it
-- Technique: running sums per user and category. The squares of the counts grow by a known amount with every
--            session, which gives the concentration without comparing categories with each other
create or replace table marts.features_categories as

with

events as (
    select session_id, user_id, category, event_type from marts.features_events
    where category is not null
),

counts as (
    select
        session_id,
        user_id,
        category,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'purchase') as n_purchases,
    from events
    group by session_id, user_id, category
),

running as (
    select
        session_id,
        category,
        n_views,
        n_purchases,
        sum(n_views) over upto as views_after,
        sum(n_purchases) over upto as purchases_after,
    from counts
    window upto as (
        partition by user_id, category
        order by session_id
        rows unbounded preceding
    )
)

select
    session_id,
    category,
    n_views as views_added,
    (views_after - n_views)::bigint as views_before,
    views_after::bigint as views_after,
    (purchases_after - n_purchases)::bigint as purchases_before,
    purchases_after::bigint as purchases_after,
    (views_after * views_after - (views_after - n_views) * (views_after - n_views))::bigint as squares_added,
from running
