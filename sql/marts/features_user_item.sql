-- Question:  what has this user had to do with the item in focus before this session, and so far in it?
-- Grain:     one row per decision
-- Technique: only the pairs of user and item that are in focus somewhere are followed, by running sums over the
--            sessions in which they meet; those up to the focus session are known. A decision without an item in
--            focus gets the values of an item never seen
create or replace table marts.features_user_item as

with

decisions as (
    select decision_id, session_id, decision, session_start, is_new_user from marts.decision_points
),

focus as (
    select * from marts.features_focus
),

events as (
    select * from marts.features_events
    where item_id is not null
),

categories as (
    select * from marts.features_categories
),

frequency as (
    select session_id, views_before from marts.features_frequency
),

intent as (
    select session_id, usual_price_position from marts.features_intent
),

progress as (
    select session_id, item_id, third_views, cart_views from marts.features_progress
),

pairs as (
    select distinct focus.user_id, focus.item_id
    from focus
    join decisions using (decision_id)
    where not decisions.is_new_user
),

meetings as (
    select
        events.user_id,
        events.item_id,
        events.session_id,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'add_to_cart') as n_carts,
        count(*) filter (where event_type = 'purchase') as n_purchases,
        max(ts) as last_at,
    from events
    semi join pairs using (user_id, item_id)
    group by events.user_id, events.item_id, events.session_id
),

running as (
    select
        user_id,
        item_id,
        session_id,
        sum(n_views) over upto as views_after,
        sum(n_carts) over upto as carts_after,
        sum(n_purchases) over upto as purchases_after,
        views_after - n_views as views_before,
        carts_after - n_carts as carts_before,
        purchases_after - n_purchases as purchases_before,
        last_at,
        lag(last_at) over (partition by user_id, item_id order by session_id) as last_at_before,
    from meetings
    window upto as (
        partition by user_id, item_id
        order by session_id
        rows unbounded preceding
    )
),

known as (
    select
        decisions.*,
        focus.is_own,
        focus.item_id,
        if(focus.is_own, running.views_before, running.views_after) as item_views,
        if(focus.is_own, running.carts_before, running.carts_after) as item_carts,
        if(focus.is_own, running.purchases_before, running.purchases_after) as item_orders,
        if(focus.is_own, running.last_at_before, running.last_at) as item_seen_at,
        if(focus.is_own, categories.views_before, categories.views_after) as category_views,
        if(focus.is_own, categories.purchases_before, categories.purchases_after) as category_orders,
        focus.price_position,
    from decisions
    left join focus using (decision_id)
    left join running on
        running.user_id = focus.user_id
        and running.item_id = focus.item_id
        and running.session_id = focus.session_id
    left join categories on
        categories.session_id = focus.session_id and categories.category = focus.category
)

select
    known.decision_id,
    coalesce(known.item_views, 0)::integer as item_views_before,
    coalesce(known.item_carts, 0)::integer as item_carts_before,
    coalesce(known.item_orders, 0)::integer as item_orders_before,
    round(
        least(
            coalesce(
                date_sub('microsecond', known.item_seen_at, known.session_start) / 86_400_000_000, 365
            ),
            365
        ),
        6
    ) as days_since_item_seen,
    coalesce(
        if(known.decision = 'first_cart', progress.cart_views, progress.third_views), 0
    )::integer as item_views_so_far,
    round(coalesce(known.category_views / nullif(frequency.views_before, 0), 0), 6)::double as category_affinity,
    coalesce(known.category_orders, 0)::integer as category_orders_before,
    round(coalesce(known.price_position::double - intent.usual_price_position, 0), 6) as price_to_usual,
from known
left join progress on
    known.is_own and progress.session_id = known.session_id and progress.item_id = known.item_id
left join frequency on frequency.session_id = known.session_id
left join intent on intent.session_id = known.session_id
