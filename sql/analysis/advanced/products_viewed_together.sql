-- question: Which products are viewed in the same session more often than chance?
-- grain: pair of products (the n with the highest lift)
-- technique: self join on the session, lift with a minimum count
-- parameters: min_sessions = 8, n = 25
-- keys: item_a, item_b
-- columns:
--   item_a: product with the smaller number
--   item_b: the other product
--   category_a: category of the first
--   category_b: category of the second
--   same_category: 1 where both are of one category
--   sessions_with_both: sessions that view both
--   support: share of all sessions with a view that view both
-- meaning: Products {{ first.item_a }} and {{ first.item_b }} share {{ first.sessions_with_both }} sessions,
--   {{ first.lift | ratio(1) }} times as many as if views were independent; {{ sum.same_category }} of the
--   {{ rows }} strongest pairs lie within one category.

with

events as (
    select * from staging.events
),

items as (
    select * from staging.items
),

views as (
    select distinct
        session_id,
        item_id
    from events
    where event_type = 'view'
),

totals as (
    select count(distinct session_id) as all_sessions
    from views
),

item_sessions as (
    select
        item_id,
        count(*) as sessions
    from views
    group by item_id
),

pairs as (
    select
        first_views.item_id as item_a,
        second_views.item_id as item_b,
        count(*) as sessions_with_both
    from views as first_views
    join views as second_views
        on first_views.session_id = second_views.session_id
        and first_views.item_id < second_views.item_id
    group by first_views.item_id, second_views.item_id
    having count(*) >= $min_sessions
)

select
    pairs.item_a,
    pairs.item_b,
    items_a.category as category_a,
    items_b.category as category_b,
    case when items_a.category = items_b.category then 1 else 0 end as same_category,
    pairs.sessions_with_both,
    pairs.sessions_with_both / totals.all_sessions as support,
    pairs.sessions_with_both * totals.all_sessions / (sessions_a.sessions * sessions_b.sessions) as lift
from pairs
join item_sessions as sessions_a on pairs.item_a = sessions_a.item_id
join item_sessions as sessions_b on pairs.item_b = sessions_b.item_id
join items as items_a on pairs.item_a = items_a.item_id
join items as items_b on pairs.item_b = items_b.item_id
cross join totals
order by lift desc, pairs.item_a, pairs.item_b
limit $n
