-- Question:  who are the registered customers?
-- Grain:     one row per registered user who is not a robot
-- Technique: an anti-join against the robots found in the events
create or replace table staging.users as

with

users as (
    select * from raw.users
),

bots as (
    select user_id from staging.bots
)

select
    user_id,
    signup_ts,
    country,
    age_band,
    device_preference,
    acquisition_channel,
from users
anti join bots using (user_id)
order by user_id
