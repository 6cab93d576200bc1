-- question: What does a visitor do next?
-- grain: state x next state (start and exit included)
-- technique: lead within a session, start and exit states by union all, row-wise probabilities
-- keys: state, next_state
-- columns:
--   state: event type, or start
--   next_state: the event type that follows, or exit
--   transitions: how often
--   probability: share of all that follows the state
-- meaning: After a view the next event is a view again in
--   {{ where(state='view', next_state='view').probability | share }} of cases and an addition to the cart in
--   {{ where(state='view', next_state='add_to_cart').probability | share }}; a checkout leads to a purchase
--   in {{ where(state='checkout', next_state='purchase').probability | share }}.

with

events as (
    select * from staging.events
),

ordered as (
    select
        session_id,
        event_type as state,
        lead(event_type) over (partition by session_id order by ts, event_id) as next_state,
        row_number() over (partition by session_id order by ts, event_id) as event_number
    from events
),

transitions as (
    select
        'start' as state,
        state as next_state
    from ordered
    where event_number = 1
    union all
    select
        state,
        coalesce(next_state, 'exit') as next_state
    from ordered
)

select
    state,
    next_state,
    count(*) as transitions,
    count(*) / sum(count(*)) over (partition by state) as probability
from transitions
group by state, next_state
order by state, next_state
