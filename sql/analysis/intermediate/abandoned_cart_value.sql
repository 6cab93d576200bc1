-- question: How much money is left in carts, and in which products?
-- grain: product (the n with the most money left behind)
-- technique: signed sums of additions and removals, group by with having, window total
-- parameters: n = 20
-- keys: item_id
-- nulls: value_left, all_value_left
-- columns:
--   carts_left: carts in which it was left
--   units_left: units left
--   value_left: their value at the discounted price, EUR
--   all_carts_left: lines left in all carts
--   all_value_left: value left in all carts, EUR
-- meaning: Carts left behind hold {{ first.all_value_left | eur }} in {{ first.all_carts_left }} lines;
--   product {{ first.item_id }} ({{ first.category }}) leads with {{ first.value_left | eur }}.

with

events as (
    select * from staging.events
),

items as (
    select * from staging.items
),

sessions as (
    select * from marts.sessions
),

cart_lines as (
    select
        events.session_id,
        events.item_id,
        sum(
            case events.event_type
                when 'add_to_cart' then events.quantity
                else -events.quantity
            end
        ) as units_left,
        sum(events.quantity * events.unit_price * (1 - coalesce(events.discount_pct, 0) / 100))
            filter (where events.event_type = 'add_to_cart')
            / sum(case when events.unit_price is not null then events.quantity end)
            filter (where events.event_type = 'add_to_cart')
            as mean_net_price
    from events
    join sessions on events.session_id = sessions.session_id
    where events.event_type in ('add_to_cart', 'remove_from_cart') and not sessions.converted
    group by events.session_id, events.item_id
    having
        sum(
            case events.event_type
                when 'add_to_cart' then events.quantity
                else -events.quantity
            end
        ) > 0
),

products as (
    select
        item_id,
        count(*) as carts_left,
        sum(units_left) as units_left,
        sum((units_left * mean_net_price)::decimal(18, 6)) as value_left
    from cart_lines
    group by item_id
)

select
    products.item_id,
    items.category,
    products.carts_left,
    products.units_left,
    products.value_left,
    sum(products.carts_left) over () as all_carts_left,
    sum(products.value_left) over () as all_value_left
from products
join items on products.item_id = items.item_id
order by products.value_left desc, products.item_id
limit $n
