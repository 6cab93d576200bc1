-- question: At which list prices do viewed products sell?
-- grain: price bucket (list price)
-- technique: case expression as a bucket, left join of two aggregates, Wilson interval
-- parameters: z = 1.9599639845
-- keys: price_bucket
-- nulls: revenue, revenue_per_session
-- columns:
--   bucket_number: place of the bucket
--   price_bucket: bucket of the list price
--   sessions: sessions that view a product of the bucket
--   conversions: of them, those that buy one
--   revenue: net revenue of what they buy from it, EUR
-- meaning: Products {{ argmax.conversion_rate.price_bucket }} sell in {{ max.conversion_rate | share(2) }} of
--   the sessions that view one, products {{ argmin.conversion_rate.price_bucket }} in
--   {{ min.conversion_rate | share(2) }}.

with

events as (
    select * from staging.events
),

items as (
    select * from staging.items
),

order_lines as (
    select * from marts.order_lines
),

recorded as (
    select * from marts.recorded
),

labelled_items as (
    select
        *,
        case
            when price < 10 then 1
            when price < 25 then 2
            when price < 50 then 3
            when price < 100 then 4
            when price >= 100 then 5
            else 6
        end as bucket_number,
        case
            when price < 10 then 'under €10'
            when price < 25 then '€10 to under €25'
            when price < 50 then '€25 to under €50'
            when price < 100 then '€50 to under €100'
            when price >= 100 then '€100 and more'
            else 'of unknown price'
        end as price_bucket
    from items
),

viewed as (
    select distinct
        events.session_id,
        labelled_items.bucket_number,
        labelled_items.price_bucket
    from events
    join labelled_items on events.item_id = labelled_items.item_id
    where events.event_type = 'view'
),

bought as (
    select
        order_lines.session_id,
        labelled_items.price_bucket,
        sum(order_lines.net_revenue::decimal(18, 6)) as revenue
    from order_lines
    join labelled_items on order_lines.item_id = labelled_items.item_id
    group by order_lines.session_id, labelled_items.price_bucket
),

rates as (
    select
        viewed.bucket_number,
        viewed.price_bucket,
        count(*) as sessions,
        count(bought.session_id) as conversions,
        count(bought.session_id) / count(*) as conversion_rate,
        case when count(bought.session_id) > 0 then sum(bought.revenue) when recorded.has_revenue then 0 end
            as revenue
    from viewed
    cross join recorded
    left join bought
        on viewed.session_id = bought.session_id
        and viewed.price_bucket = bought.price_bucket
    group by viewed.bucket_number, viewed.price_bucket, recorded.has_revenue
)

select
    bucket_number,
    price_bucket,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by bucket_number
