-- Question:  how does the session present itself up to the decision?
-- Grain:     one row per decision
-- Technique: at session start only time, device, channel and offers are known; after that the events up to the
--            position of the decision are added up, and no other
create or replace table marts.features_session as

with

decisions as (
    select * from marts.decision_points
),

events as (
    select session_id, position, ts, event_type, item_id, price_position from marts.features_events
),

users as (
    select user_id, age_band from staging.users
),

offers as (
    select user_id, min(ts) as shown_at
    from staging.exposures
    where experiment = 'free_shipping' and variant = 'treatment'
    group by user_id
),

known_events as (
    select
        decisions.decision_id,
        events.event_type,
        events.item_id,
        events.ts,
        events.price_position,
    from decisions
    join events using (session_id)
    where decisions.decision = 'after_3_events' and events.position <= 3
    union all
    select
        decisions.decision_id,
        events.event_type,
        events.item_id,
        events.ts,
        events.price_position,
    from decisions
    join events using (session_id)
    where decisions.decision = 'first_cart' and events.position <= decisions.position
),

so_far as (
    select
        decision_id,
        count(*) filter (where event_type = 'view') as n_views,
        count(*) filter (where event_type = 'search') as n_searches,
        count(*) filter (where event_type = 'add_to_cart') as n_carts,
        count(distinct item_id) filter (where event_type = 'view') as n_items,
        count(*) as n_events,
        date_sub('microsecond', min(ts), max(ts)) as elapsed_us,
        count(price_position) filter (where event_type = 'view') as n_positioned,
        sum(price_position) filter (where event_type = 'view') as position_sum,
    from known_events
    group by decision_id
)

select
    decisions.decision_id,
    extract(hour from decisions.decided_at)::integer as hour,
    extract(isodow from decisions.decided_at)::integer as weekday,
    coalesce(decisions.device = 'mobile', false)::integer as on_mobile,
    coalesce(decisions.device = 'desktop', false)::integer as on_desktop,
    coalesce(decisions.channel = 'email', false)::integer as from_email,
    coalesce(decisions.channel = 'organic', false)::integer as from_organic,
    coalesce(decisions.channel = 'paid_search', false)::integer as from_paid_search,
    coalesce(decisions.channel = 'social', false)::integer as from_social,
    coalesce(decisions.channel = 'affiliate', false)::integer as from_affiliate,
    coalesce(try_cast(regexp_extract(users.age_band, '^[0-9]+') as integer), 0) as age_from,
    round(decisions.discount_pct, 6) as coupon_pct,
    coalesce(offers.shown_at <= decisions.decided_at, false)::integer as free_shipping_shown,
    coalesce(so_far.n_events, 0)::integer as events_so_far,
    coalesce(so_far.n_views, 0)::integer as views_so_far,
    coalesce(so_far.n_searches, 0)::integer as searches_so_far,
    coalesce(so_far.n_carts, 0)::integer as carts_so_far,
    coalesce(so_far.n_items, 0)::integer as items_so_far,
    round(coalesce(so_far.elapsed_us / 1e6, 0), 6) as seconds_so_far,
    round(coalesce(so_far.position_sum::double / nullif(so_far.n_positioned, 0), 0), 6) as price_position_so_far,
from decisions
left join so_far using (decision_id)
left join users using (user_id)
left join offers using (user_id)
order by decisions.decision_id
