-- question: How do sessions that buy differ from the rest?
-- grain: outcome of the session
-- technique: averages and medians by group
-- keys: outcome
-- nulls: mean_discount_pct
-- columns:
--   outcome: bought or left
--   mean_searches: searches a session
--   mean_carts: additions to the cart a session
--   mean_discount_pct: mean of the largest discount shown
--   median_duration_minutes: median minutes from the first to the last event
--   mean_session_number: mean place among the sessions of the user
-- meaning: Sessions that buy view {{ where(outcome='bought').mean_items_viewed | ratio(1) }} products and
--   last {{ where(outcome='bought').median_duration_minutes | minutes }} at the median, the rest
--   {{ where(outcome='left').mean_items_viewed | ratio(1) }} and
--   {{ where(outcome='left').median_duration_minutes | minutes }}; this describes whole sessions and predicts
--   nothing.

with

sessions as (
    select * from marts.sessions
)

select
    case when converted then 'bought' else 'left' end as outcome,
    count(*) as sessions,
    count(*) / sum(count(*)) over () as session_share,
    avg(n_events) as mean_events,
    avg(n_items_viewed) as mean_items_viewed,
    avg(n_searches) as mean_searches,
    avg(n_carts) as mean_carts,
    avg(discount_pct) as mean_discount_pct,
    median(duration_s) / 60 as median_duration_minutes,
    avg(session_number) as mean_session_number
from sessions
group by case when converted then 'bought' else 'left' end
order by outcome
