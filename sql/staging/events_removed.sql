-- Question:  which raw rows are set aside, and why?
-- Grain:     one row per removed raw row; removal_reason is the first that applies of missing user, robot,
--            duplicate, so that the reasons add up
-- Technique: the complement of staging.events
create or replace table staging.events_removed as

with

events as (
    select * from staging.events_repaired
    where removal_reason is not null
)

select *
from events
