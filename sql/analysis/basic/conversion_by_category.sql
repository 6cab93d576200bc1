-- question: Of the sessions that view a category, how many buy from it?
-- grain: category
-- tables: staging.events, staging.items, marts.order_lines
-- level: basic
-- technique: left join of two aggregates, Wilson interval
-- parameters: z = 1.9599639845
-- keys: category
-- meaning: Of the sessions that view it, {argmax.conversion_rate.category} sells in
--   {max.conversion_rate:share.2} and {argmin.conversion_rate.category} in {min.conversion_rate:share.2};
--   {argmax.revenue.category} brings the most revenue ({max.revenue:eur}).

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

viewed as (

    select distinct
        events.session_id,
        items.category
    from events
    inner join items
        on events.item_id = items.item_id
    where
        events.event_type = 'view'

),

bought as (

    select
        order_lines.session_id,
        items.category,
        sum(order_lines.net_revenue::decimal(18, 6)) as revenue
    from order_lines
    inner join items
        on order_lines.item_id = items.item_id
    group by
        order_lines.session_id,
        items.category

),

rates as (

    select
        viewed.category,
        count(*) as sessions,
        count(bought.session_id) as conversions,
        count(bought.session_id) / count(*) as conversion_rate,
        coalesce(sum(bought.revenue), 0) as revenue
    from viewed
    left join bought
        on viewed.session_id = bought.session_id
        and viewed.category = bought.category
    group by
        viewed.category

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
order by
    category
