-- question: How does conversion differ between age bands?
-- grain: age_band
-- technique: conditional aggregation with filter, Wilson interval
-- parameters: z = 1.9599639845
-- keys: age_band
-- nulls: revenue, revenue_per_session
-- meaning: {{ argmax.conversion_rate.age_band }} converts best ({{ max.conversion_rate | share(2) }} of
--   sessions), {{ argmin.conversion_rate.age_band }} worst ({{ min.conversion_rate | share(2) }}), against
--   {{ ratio.conversions.sessions | share(2) }} over all.

with

sessions as (
    select * from marts.sessions
),

rates as (
    select
        age_band,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) as revenue
    from sessions
    group by age_band
)

select
    age_band,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by age_band
