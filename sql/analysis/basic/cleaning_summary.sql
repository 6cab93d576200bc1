-- question: How many raw rows carry each kind of dirt?
-- grain: kind of dirt
-- technique: wide flags to long rows with a cross join of values
-- keys: kind
-- columns:
--   kind: kind of dirt
--   raw_rows: raw rows with it
--   raw_row_share: their share of all raw rows
--   all_raw_rows: raw rows of the store
-- meaning: {{ argmax.raw_rows.kind }} is the most frequent kind of dirt: {{ max.raw_rows }} of
--   {{ first.all_raw_rows }} raw rows ({{ max.raw_row_share | share(2) }}).

with

events_flagged as (
    select * from staging.events_flagged
),

totals as (
    select
        count(*) as all_raw_rows,
        count(*) filter (where is_duplicate) as duplicate,
        count(*) filter (where is_late) as late,
        count(*) filter (where is_skewed) as skewed,
        count(*) filter (where is_bot) as bot,
        count(*) filter (where is_missing_user) as missing_user,
        count(*) filter (where is_negative_quantity) as negative_quantity,
        count(*) filter (where is_retyped) as retyped
    from events_flagged
),

kinds as (
    select *
    from (
        values
            ('duplicate'),
            ('late'),
            ('skewed'),
            ('bot'),
            ('missing_user'),
            ('negative_quantity'),
            ('retyped')
    ) as names (kind)
),

counted as (
    select
        kinds.kind,
        case kinds.kind
            when 'duplicate' then totals.duplicate
            when 'late' then totals.late
            when 'skewed' then totals.skewed
            when 'bot' then totals.bot
            when 'missing_user' then totals.missing_user
            when 'negative_quantity' then totals.negative_quantity
            when 'retyped' then totals.retyped
        end as raw_rows,
        totals.all_raw_rows
    from kinds
    cross join totals
)

select
    kind,
    raw_rows,
    raw_rows / all_raw_rows as raw_row_share,
    all_raw_rows
from counted
order by raw_rows desc, kind
