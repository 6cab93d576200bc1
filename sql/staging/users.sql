-- question: Who are the registered customers?
-- grain: registered user who is not a robot
-- technique: an anti-join against the robots found in the events
-- keys: user_id
-- nulls: signup_ts

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
    acquisition_channel
from users
anti join bots using (user_id)
order by user_id
