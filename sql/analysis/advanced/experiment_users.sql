-- question: What did each exposed user do before and after the first exposure?
-- grain: experiment x user
-- technique: first exposure per user, aggregates before and after it by conditional sums
-- keys: experiment, user_id
-- nulls: revenue, first_purchase_at, revenue_before
-- columns:
--   exposed_at: first exposure
--   sessions: sessions that end after it
--   orders: of them, those with a purchase
--   converted: 1 where there is one
--   revenue: their net revenue, EUR
--   first_purchase_at: end of the first of them with a purchase
--   sessions_before: sessions that end before it
--   revenue_before: their net revenue, EUR
-- meaning: {{ rows }} users of {{ distinct.experiment }} experiments; {{ sum.converted }} of them bought
--   after exposure.

with

exposures as (
    select * from staging.exposures
),

users as (
    select * from staging.users
),

sessions as (
    select * from marts.sessions
),

exposed as (
    select
        experiment,
        user_id,
        min(variant) as variant,
        min(ts) as exposed_at
    from exposures
    group by experiment, user_id
    having count(distinct variant) = 1
)

select
    exposed.experiment,
    exposed.user_id,
    exposed.variant,
    exposed.exposed_at,
    users.device_preference,
    users.acquisition_channel,
    count(*) filter (where sessions.session_end >= exposed.exposed_at) as sessions,
    count(*) filter (where sessions.session_end >= exposed.exposed_at and sessions.converted) as orders,
    max(case when sessions.session_end >= exposed.exposed_at and sessions.converted then 1 else 0 end)
        as converted,
    sum(
        case
            when sessions.session_end >= exposed.exposed_at then sessions.revenue::decimal(18, 6)
            when sessions.revenue is not null then 0
        end
    ) as revenue,
    min(
        case
            when sessions.session_end >= exposed.exposed_at and sessions.converted then sessions.session_end
        end
    ) as first_purchase_at,
    count(*) filter (where sessions.session_end < exposed.exposed_at) as sessions_before,
    sum(
        case
            when sessions.session_end < exposed.exposed_at then sessions.revenue::decimal(18, 6)
            when sessions.revenue is not null then 0
        end
    ) as revenue_before
from exposed
join users on exposed.user_id = users.user_id
join sessions on exposed.user_id = sessions.user_id
group by
    exposed.experiment,
    exposed.user_id,
    exposed.variant,
    exposed.exposed_at,
    users.device_preference,
    users.acquisition_channel
order by exposed.experiment, exposed.user_id
