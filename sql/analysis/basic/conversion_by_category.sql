-- question: Of the sessions that view a category, how many buy from it?
-- grain: category
-- technique: left join of two aggregates, Wilson interval
-- parameters: z = 1.9599639845
-- keys: category
-- nulls: revenue, revenue_per_session
-- columns:
--   sessions: sessions that view the category
--   conversions: of them, those that buy from it
--   revenue: net revenue of what they buy from it, EUR
-- meaning: Of the sessions that view it, {{ argmax.conversion_rate.category }} sells in
--   {{ max.conversion_rate | share(2) }} and {{ argmin.conversion_rate.category }} in
--   {{ min.conversion_rate | share(2) }}; {{ argmax.revenue.category }} brings the most revenue
--   ({{ max.revenue | eur }}).

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

viewed as (
    select distinct
        events.session_id,
        items.category
    from events
    join items on events.item_id = items.item_id
    where events.event_type = 'view'
),

bought as (
    select
        order_lines.session_id,
        items.category,
        sum(order_lines.net_revenue::decimal(18, 6)) as revenue
    from order_lines
    join items on order_lines.item_id = items.item_id
    group by order_lines.session_id, items.category
),

rates as (
    select
        viewed.category,
        count(*) as sessions,
        count(bought.session_id) as conversions,
        count(bought.session_id) / count(*) as conversion_rate,
        case when count(bought.session_id) > 0 then sum(bought.revenue) when recorded.has_revenue then 0 end
            as revenue
    from viewed
    cross join recorded
    left join bought on viewed.session_id = bought.session_id and viewed.category = bought.category
    group by viewed.category, recorded.has_revenue
)

select
    category,
    sessions,
    conversions,
    conversion_rate,
    wilson_low(conversions, sessions, $z) as conversion_rate_low,
    wilson_high(conversions, sessions, $z) as conversion_rate_high,
    revenue,
    revenue / sessions as revenue_per_session
from rates
order by category
