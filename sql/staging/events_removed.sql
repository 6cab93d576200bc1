-- question: Which raw rows are set aside, and why?
-- grain: removed raw row; removal_reason is the first that applies of missing user, robot,
--   duplicate, so that the reasons add up
-- technique: the complement of staging.events
-- keys: none
-- nulls: user_id, item_id, unit_price, discount_pct

create or replace table staging.events_removed as

with

events as (
    select * from staging.events_repaired
    where removal_reason is not null
)

select *
from events
