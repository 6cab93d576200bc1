-- question: Do sessions that use the search box buy more often?
-- grain: use of search
-- technique: case expression as a group
-- keys: search_use
-- nulls: revenue_per_session
-- columns:
--   search_use: searched or no search
-- meaning: Sessions with a search convert at {{ where(search_use='searched').conversion_rate | share(2) }},
--   those without at {{ where(search_use='no search').conversion_rate | share(2) }}.

with

sessions as (
    select * from marts.sessions
)

select
    case when n_searches > 0 then 'searched' else 'no search' end as search_use,
    count(*) as sessions,
    count(*) filter (where converted) as conversions,
    count(*) filter (where converted) / count(*) as conversion_rate,
    avg(n_items_viewed) as mean_items_viewed,
    sum(revenue::decimal(18, 6)) / count(*) as revenue_per_session
from sessions
group by case when n_searches > 0 then 'searched' else 'no search' end
order by search_use
