-- Question:  which customer saw which variant of which experiment, and since when?
-- Grain:     one row per user and experiment
-- Technique: an anti-join against the robots found in the events
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
    ts,
from exposures
anti join bots using (user_id)
order by experiment, user_id
