-- question: How does each visitor behave in the first two thirds of the days, and what follows in the last?
-- grain: user with a session in the first two thirds
-- technique: a cut in time computed from the data, behaviour before it and outcomes after it in one row
-- keys: user_id
-- nulls: revenue, price_level, later_revenue
-- columns:
--   visits: sessions in the first two thirds
--   events_per_visit: events a session in them
--   search_share: share of searches among their events
--   variety: different products viewed, over views
--   carts_per_visit: additions to the cart a session
--   removals_per_visit: removals from the cart a session
--   seconds_between: mean seconds from one event to the next
--   coupon_share: share of sessions with a discount
--   mobile_share: share of sessions on a mobile device
--   purchase_share: share of sessions with a purchase
--   price_level: mean log price of what is viewed, less that of the category
--   later_visits: sessions in the last third
--   later_purchases: of them, those with a purchase
--   later_revenue: their net revenue, EUR
-- meaning: {{ rows }} visitors came in the first two thirds; they made {{ sum.visits }} visits then and
--   {{ sum.later_visits }} after, of which {{ sum.later_purchases }} bought.

with

sessions as (
    select * from marts.sessions
),

views as (
    select
        session_id,
        user_id,
        item_id
    from staging.events
    where event_type = 'view'
),

items as (
    select * from staging.items
),

bounds as (
    select
        min(session_start::date) as first_day,
        max(session_start::date) as last_day
    from sessions
),

dated as (
    select
        sessions.*,
        3 * date_diff('day', bounds.first_day, sessions.session_start::date)
        < 2 * (date_diff('day', bounds.first_day, bounds.last_day) + 1) as is_early
    from sessions
    cross join bounds
),

-- Decimals: a sum of doubles depends in its last digits on the order of the rows.
logged as (
    select
        item_id,
        category,
        ln(price)::decimal(18, 12) as log_price
    from items
    where price > 0
),

price_levels as (
    select
        item_id,
        (log_price - sum(log_price) over (partition by category) / count(*) over (partition by category))
        ::decimal(18, 12) as price_level
    from logged
),

looked_at as (
    select
        views.user_id,
        sum(price_levels.price_level) / count(*) as price_level
    from views
    join dated on views.session_id = dated.session_id
    join price_levels on views.item_id = price_levels.item_id
    where dated.is_early
    group by views.user_id
),

early as (
    select
        user_id,
        count(*) as visits,
        sum(n_events) / count(*) as events_per_visit,
        sum(n_searches) / sum(n_events) as search_share,
        sum(n_items_viewed) / greatest(sum(n_views), 1) as variety,
        sum(n_carts) / count(*) as carts_per_visit,
        sum(n_removes) / count(*) as removals_per_visit,
        sum(duration_s::decimal(18, 6)) / greatest(sum(n_events) - count(*), 1) as seconds_between,
        avg(case when discount_pct > 0 then 1 else 0 end) as coupon_share,
        avg(case when device = 'mobile' then 1 else 0 end) as mobile_share,
        avg(case when converted then 1 else 0 end) as purchase_share,
        sum(revenue::decimal(18, 6)) as revenue
    from dated
    where is_early
    group by user_id
),

late as (
    select
        user_id,
        count(*) as visits,
        count(*) filter (where converted) as purchases,
        sum(revenue::decimal(18, 6)) as revenue
    from dated
    where not is_early
    group by user_id
)

select
    early.*,
    looked_at.price_level,
    coalesce(late.visits, 0) as later_visits,
    coalesce(late.purchases, 0) as later_purchases,
    case
        when late.visits > 0 then late.revenue
        when early.revenue is not null then 0
    end as later_revenue
from early
left join looked_at on early.user_id = looked_at.user_id
left join late on early.user_id = late.user_id
order by early.user_id
