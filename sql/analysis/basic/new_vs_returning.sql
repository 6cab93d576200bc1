-- question: Do returning visitors buy more often than new ones?
-- grain: visitor kind
-- technique: conditional aggregation with filter, Wilson interval
-- parameters: z = 1.9599639845
-- keys: visitor
-- nulls: revenue, revenue_per_session
-- meaning: Returning visitors make up {{ where(visitor='returning').sessions }} of {{ sum.sessions }}
--   sessions and convert at {{ where(visitor='returning').conversion_rate | share(2) }}, new ones at
--   {{ where(visitor='new').conversion_rate | share(2) }}.

with

sessions as (
    select * from marts.sessions
),

rates as (
    select
        case when is_new_user then 'new' else 'returning' end as visitor,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) as revenue
    from sessions
    group by visitor
)

select
    visitor,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by visitor
