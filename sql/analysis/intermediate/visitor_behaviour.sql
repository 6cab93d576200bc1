-- question: How does each visitor behave in the first two thirds of the days, and what follows in the last?
-- grain: user with a session in the first two thirds
-- tables: marts.sessions, staging.events, staging.items
-- level: intermediate
-- technique: a cut in time computed from the data, behaviour before it and outcomes after it in one row
-- keys: user_id
-- nulls: price_level
-- meaning: {rows} visitors came in the first two thirds; they made {sum.visits} visits then and
--   {sum.later_visits} after, of which {sum.later_purchases} bought.

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
    where
        event_type = 'view'

),

items as (

    select * from staging.items

),

bounds as (

    select
        min(cast(session_start as date)) as first_day,
        max(cast(session_start as date)) as last_day
    from sessions

),

dated as (

    select
        sessions.*,
        3 * date_diff('day', bounds.first_day, cast(sessions.session_start as date))
        < 2 * (date_diff('day', bounds.first_day, bounds.last_day) + 1) as is_early
    from sessions
    cross join bounds

),

price_levels as (

    select
        item_id,
        ln(price) - avg(ln(price)) over (partition by category) as price_level
    from items
    where
        price > 0

),

looked_at as (

    select
        views.user_id,
        avg(price_levels.price_level) as price_level
    from views
    inner join dated
        on views.session_id = dated.session_id
    inner join price_levels
        on views.item_id = price_levels.item_id
    where
        dated.is_early
    group by
        views.user_id

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
        sum(duration_s) / greatest(sum(n_events) - count(*), 1) as seconds_between,
        avg(case when discount_pct > 0 then 1 else 0 end) as coupon_share,
        avg(case when device = 'mobile' then 1 else 0 end) as mobile_share,
        avg(case when converted then 1 else 0 end) as purchase_share,
        sum(revenue::decimal(18, 6)) as revenue
    from dated
    where
        is_early
    group by
        user_id

),

late as (

    select
        user_id,
        count(*) as visits,
        count(*) filter (where converted) as purchases,
        sum(revenue::decimal(18, 6)) as revenue
    from dated
    where
        not is_early
    group by
        user_id

)

select
    early.*,
    looked_at.price_level,
    coalesce(late.visits, 0) as later_visits,
    coalesce(late.purchases, 0) as later_purchases,
    coalesce(late.revenue, 0) as later_revenue
from early
left join looked_at
    on early.user_id = looked_at.user_id
left join late
    on early.user_id = late.user_id
order by
    early.user_id
