-- Question:  what does the shop sell?
-- Grain:     one row per item
-- Technique: a plain copy, in the order of its key
create or replace table staging.items as

with

items as (
    select * from raw.items
)

select
    item_id,
    category,
    brand,
    price,
    rating,
from items
order by item_id
