-- question: Which customer saw which variant of which experiment, and since when?
-- grain: user and experiment
-- technique: an anti-join against the robots found in the events
-- keys: user_id, experiment

create or replace table staging.exposures as

with

exposures as (
    select * from raw.exposures
),

bots as (
    select user_id from staging.bots
)

select
    user_id,
    experiment,
    variant,
    ts
from exposures
anti join bots using (user_id)
order by experiment, user_id
