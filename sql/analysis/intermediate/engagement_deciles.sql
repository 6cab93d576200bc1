-- question: Do the sessions that browse most also buy most?
-- grain: decile of browsing events (views and searches; 10 browses most)
-- technique: ntile with a unique tie-break, running share
-- keys: decile
-- nulls: revenue_per_session, conversions_up_to_here
-- columns:
--   decile: tenth of the sessions by views and searches, 10 browses most
--   fewest_events: fewest views and searches
--   most_events: most views and searches
--   conversions_up_to_here: share of all conversions in this decile and those below
-- meaning: The decile that browses most converts at {{ last.conversion_rate | share(2) }}, the one that
--   browses least at {{ first.conversion_rate | share(2) }}, and decile {{ argmax.conversion_rate.decile }}
--   best ({{ max.conversion_rate | share(2) }}); the five deciles that browse least hold
--   {{ where(decile=5).conversions_up_to_here | share }} of the conversions.

with

sessions as (
    select * from marts.sessions
),

ranked as (
    select
        n_views + n_searches as browsing_events,
        converted,
        revenue,
        ntile(10) over (order by n_views + n_searches, session_id) as decile
    from sessions
),

deciles as (
    select
        decile,
        count(*) as sessions,
        min(browsing_events) as fewest_events,
        max(browsing_events) as most_events,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) / count(*) as revenue_per_session
    from ranked
    group by decile
)

select
    *,
    sum(conversions) over (order by decile rows between unbounded preceding and current row)
        / nullif(sum(conversions) over (), 0) as conversions_up_to_here
from deciles
order by decile
