-- question: Do sessions that were shown a larger discount buy more often?
-- grain: discount tier (largest discount of the session)
-- technique: case expression as a bucket, Wilson interval
-- parameters: z = 1.9599639845
-- keys: discount_tier
-- nulls: revenue, revenue_per_session
-- columns:
--   tier_number: place of the tier
--   discount_tier: tier of the largest discount shown
-- meaning: Sessions with {{ argmax.conversion_rate.discount_tier }} convert at
--   {{ max.conversion_rate | share(2) }}, with {{ argmin.conversion_rate.discount_tier }} at
--   {{ min.conversion_rate | share(2) }}; discounts were not given at random, so the gap is not their effect.

with

sessions as (
    select * from marts.sessions
),

labelled as (
    select
        *,
        case
            when discount_pct is null then 0
            when discount_pct = 0 then 1
            when discount_pct <= 10 then 2
            when discount_pct <= 20 then 3
            else 4
        end as tier_number,
        case
            when discount_pct is null then 'unknown discount'
            when discount_pct = 0 then 'no discount'
            when discount_pct <= 10 then 'up to 10%'
            when discount_pct <= 20 then 'over 10% to 20%'
            else 'over 20%'
        end as discount_tier
    from sessions
),

rates as (
    select
        tier_number,
        discount_tier,
        count(*) as sessions,
        count(*) filter (where converted) as conversions,
        count(*) filter (where converted) / count(*) as conversion_rate,
        sum(revenue::decimal(18, 6)) as revenue
    from labelled
    group by tier_number, discount_tier
)

select
    tier_number,
    discount_tier,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by tier_number
