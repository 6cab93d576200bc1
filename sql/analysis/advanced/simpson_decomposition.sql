-- question: Did conversion change because channels convert differently, or because their mix changed?
-- grain: channel, and all channels together
-- technique: two periods side by side, midpoint decomposition into mix and rate effects, grouping sets for
--   the total
-- parameters: days = 21
-- keys: channel
-- nulls: share_before, share_after, rate_before, rate_after, mix_effect, rate_effect
-- columns:
--   channel: channel, or 'all channels'
--   sessions_before: sessions of the first period
--   sessions_after: sessions of the last days
--   share_before: share of the sessions of the first period
--   share_after: share of the sessions of the last days
--   rate_before: conversion in the first period
--   rate_after: conversion in the last days
--   mix_effect: change of the overall conversion through the share
--   rate_effect: change of the overall conversion through the rate
-- meaning: From the first period to the last {{ days }} days conversion went from
--   {{ where(channel='all channels').rate_before | share(2) }} to
--   {{ where(channel='all channels').rate_after | share(2) }}: the mix of channels accounts for
--   {{ where(channel='all channels').mix_effect | points }} and the rates within channels for
--   {{ where(channel='all channels').rate_effect | points }}.

with

sessions as (
    select * from marts.sessions
),

period as (
    select max(session_start::date)::date as last_day
    from sessions
),

labelled as (
    select
        sessions.channel,
        sessions.converted,
        date_diff('day', sessions.session_start::date, period.last_day) < $days as is_after
    from sessions
    cross join period
),

channel_rates as (
    select
        channel,
        count(*) filter (where not is_after) as sessions_before,
        count(*) filter (where is_after) as sessions_after,
        count(*) filter (where not is_after and converted) as conversions_before,
        count(*) filter (where is_after and converted) as conversions_after
    from labelled
    group by channel
),

shares as (
    select
        channel,
        sessions_before,
        sessions_after,
        conversions_before,
        conversions_after,
        sessions_before / nullif(sum(sessions_before) over (), 0) as share_before,
        sessions_after / nullif(sum(sessions_after) over (), 0) as share_after,
        coalesce(conversions_before / nullif(sessions_before, 0), conversions_after / sessions_after)
            as rate_before,
        coalesce(conversions_after / nullif(sessions_after, 0), conversions_before / sessions_before)
            as rate_after
    from channel_rates
),

effects as (
    select
        channel,
        sessions_before,
        sessions_after,
        conversions_before,
        conversions_after,
        share_before,
        share_after,
        (share_after - share_before) * (rate_before + rate_after) / 2 as mix_effect,
        (rate_after - rate_before) * (share_before + share_after) / 2 as rate_effect
    from shares
),

totals as (
    select
        grouping(channel) as is_total,
        case when grouping(channel) = 1 then 'all channels' else channel end as channel,
        sum(sessions_before) as sessions_before,
        sum(sessions_after) as sessions_after,
        sum(share_before) as share_before,
        sum(share_after) as share_after,
        sum(conversions_before) / nullif(sum(sessions_before), 0) as rate_before,
        sum(conversions_after) / nullif(sum(sessions_after), 0) as rate_after,
        sum(mix_effect) as mix_effect,
        sum(rate_effect) as rate_effect
    from effects
    group by grouping sets ((channel), ())
)

select
    channel,
    sessions_before,
    sessions_after,
    share_before,
    share_after,
    rate_before,
    rate_after,
    mix_effect,
    rate_effect
from totals
order by is_total, channel
