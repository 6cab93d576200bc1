-- question: How often had the user looked at each category by the end of each session, and at what price?
-- grain: session and category that occurs in it
-- technique: running sums per user and category. The squares of the counts grow by a known amount with
--   every session, which gives the concentration without comparing categories with each other. The price
--   position is the sum over the views of log price minus that of the category on earlier days
-- keys: session_id, category
-- columns:
--   category: category of the item, 'unknown' where it has none
--   n_views: views of the category in the session
--   views_after: views of the category by the user up to the end of the session
--   purchases_after: lines bought from it up to the end of the session
--   squares_added: growth of the square of the views by this session
--   n_positioned: views whose price can be compared
--   position_sum: sum of log price less that of the category, over those views

create or replace table marts.features_categories as

with

events as (
    select session_id, item_id, event_type, log_price from marts.features_events
    where item_id is not null
),

items as (
    select item_id, category from staging.items
),

sessions as (
    select session_id, user_id, session_start::date as day from marts.sessions
),

category_days as (
    select category, day, log_price from marts.features_category_days
),

counts as (
    select
        events.session_id,
        coalesce(items.category, 'unknown') as category,
        count(*) filter (where events.event_type = 'view') as n_views,
        count(*) filter (where events.event_type = 'purchase') as n_purchases,
        count(events.log_price) filter (where events.event_type = 'view') as n_priced,
        sum(events.log_price) filter (where events.event_type = 'view') as log_price_sum
    from events
    left join items using (item_id)
    group by all
),

running as (
    select
        counts.*,
        sessions.user_id,
        sessions.day,
        sum(counts.n_views) over upto as views_after,
        sum(counts.n_purchases) over upto as purchases_after,
        views_after - counts.n_views as views_before
    from counts
    join sessions using (session_id)
    window upto as (
        partition by sessions.user_id, counts.category
        order by counts.session_id
        rows unbounded preceding
    )
)

select
    running.session_id,
    running.user_id,
    running.category,
    running.n_views,
    running.views_after::bigint as views_after,
    running.purchases_after::bigint as purchases_after,
    (running.views_after * running.views_after - running.views_before * running.views_before)::bigint
        as squares_added,
    if(category_days.log_price is null, 0, running.n_priced) as n_positioned,
    if(
        category_days.log_price is null or running.n_priced = 0,
        0,
        running.log_price_sum - running.n_priced * category_days.log_price
    )::decimal(18, 6) as position_sum
from running
left join category_days using (category, day)
