-- question: What does the shop sell?
-- grain: item
-- technique: a plain copy, in the order of its key
-- keys: item_id
-- nulls: price, rating

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
    rating
from items
order by item_id
