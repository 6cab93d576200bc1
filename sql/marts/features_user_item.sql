-- question: What has this user had to do with the item in focus before this session, and so far in it?
-- grain: decision
-- technique: only the pairs of user and item that are in focus somewhere are followed, by running sums over
--   the sessions in which they meet. An as-of join takes the sum after the latest meeting in an earlier
--   session. A decision without an item in focus gets the values of an item never seen
-- keys: decision_id

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

revisits as (
    select
        decisions.decision_id,
        decisions.session_id,
        focus.user_id,
        focus.item_id,
        focus.category
    from focus
    join decisions using (decision_id)
    where not decisions.is_new_user
),

pairs as (
    select distinct user_id, item_id from revisits
),

meetings as (
    select
        events.user_id,
        events.item_id,
        events.session_id,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'add_to_cart') as n_carts,
        count(*) filter (where event_type = 'purchase') as n_purchases,
        max(ts) as last_at
    from events
    semi join pairs using (user_id, item_id)
    group by events.user_id, events.item_id, events.session_id
),

running as (
    select
        user_id,
        item_id,
        session_id,
        last_at,
        sum(n_views) over upto as n_views,
        sum(n_carts) over upto as n_carts,
        sum(n_purchases) over upto as n_purchases
    from meetings
    window upto as (
        partition by user_id, item_id
        order by session_id
        rows unbounded preceding
    )
),

item_history as (
    select
        revisits.decision_id,
        running.n_views,
        running.n_carts,
        running.n_purchases,
        running.last_at
    from revisits
    asof join running on
        running.user_id = revisits.user_id
        and running.item_id = revisits.item_id
        and running.session_id < revisits.session_id
),

category_history as (
    select
        revisits.decision_id,
        categories.views_after as n_views,
        categories.purchases_after as n_purchases
    from revisits
    asof join categories on
        categories.user_id = revisits.user_id
        and categories.category = revisits.category
        and categories.session_id < revisits.session_id
),

so_far as (
    select
        focus.decision_id,
        if(decisions.decision = 'first_cart', progress.cart_views, progress.third_views) as n_views
    from focus
    join decisions using (decision_id)
    join progress on progress.session_id = focus.session_id and progress.item_id = focus.item_id
    where focus.is_own
)

select
    decisions.decision_id,
    coalesce(item_history.n_views, 0)::integer as item_views_before,
    coalesce(item_history.n_carts, 0)::integer as item_carts_before,
    coalesce(item_history.n_purchases, 0)::integer as item_orders_before,
    round(
        least(
            coalesce(
                date_sub('microsecond', item_history.last_at, decisions.session_start) / 86_400_000_000, 365
            ),
            365
        ),
        6
    ) as days_since_item_seen,
    coalesce(so_far.n_views, 0)::integer as item_views_so_far,
    round(
        coalesce(category_history.n_views / nullif(frequency.views_before, 0), 0), 6
    )::double as category_affinity,
    coalesce(category_history.n_purchases, 0)::integer as category_orders_before,
    round(coalesce(focus.price_position::double - intent.usual_price_position, 0), 6) as price_to_usual
from decisions
left join focus using (decision_id)
left join item_history using (decision_id)
left join category_history using (decision_id)
left join so_far using (decision_id)
join frequency on frequency.session_id = decisions.session_id
join intent on intent.session_id = decisions.session_id
