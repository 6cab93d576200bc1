"""Who comes when, and how likely each session is to end in a purchase.

The log-odds of a purchase are a sum of planted effects, so every counterfactual (another discount, no free
shipping, no earlier session through a channel) is exact: add or take away the term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from journey.inference.arrays import Floats, Ints
from journey.stores.simulator import planted
from journey.stores.simulator.draws import Keys, derive, normal, pick, uniform
from journey.stores.simulator.parameters import ShopParameters
from journey.stores.simulator.population import DAY_US, Memory, Population

HALF_HOUR_US = 1_800_000_000
LATEST_START_US = 84_300_000_000  # 23:25; no session crosses midnight
MOST_PER_DAY = 3


@dataclass(frozen=True)
class Calendar:
    """What is special about a day."""

    day: int
    promotion: bool
    drift: bool
    running: NDArray[np.bool_]
    weekday: int

    @classmethod
    def of(cls, parameters: ShopParameters, day: int) -> Calendar:
        """Calendar entry of a day of the window."""
        starts = parameters.experiment_days()
        return cls(
            day=day,
            promotion=day in parameters.promotion,
            drift=day >= parameters.drift_day,
            running=np.array([day >= starts[name] for name in planted.EXPERIMENTS]),
            weekday=(parameters.start.weekday() + day) % 7,
        )


@dataclass(frozen=True)
class Sessions:
    """Sessions of one pass over a day, in arrays of one length; `p_*` are purchase probabilities."""

    user: Ints
    keys: Keys
    start_us: Ints
    device: Ints
    channel: Ints
    discount: Floats
    discount_propensity: Floats
    intent: Floats
    log_odds: Floats
    p_start: Floats
    p_without_discount: Floats
    p_with_discount_10: Floats
    p_without_free_shipping: Floats
    p_with_free_shipping: Floats
    p_without_channel: Floats
    abandoned_warmth: Floats
    newly_exposed: NDArray[np.bool_]


def visits_today(
    population: Population, memory: Memory, calendar: Calendar, users: Ints
) -> tuple[Ints, Ints, Keys]:
    """Users who come today, how often (1 to 3 times) and their key of the day.

    Poisson numbers of sessions, with a higher rate soon after an abandoned cart; a newcomer comes on the
    day of signing up.
    """
    joined = population.join_us[users] // DAY_US
    active = (joined <= calendar.day) & (calendar.day < population.churn_day[users]) & ~population.bot[users]
    users, joined = users[active], joined[active]
    since = (calendar.day * DAY_US - memory.abandoned_at[users]) / DAY_US
    rate = population.rate[users] * planted.WEEKDAY_TRAFFIC[calendar.weekday]
    rate *= 1.0 + planted.RETURN_BOOST * np.exp(-np.maximum(since, 0.0) / planted.RETURN_DAYS)
    if calendar.promotion:
        rate *= planted.PROMOTION_TRAFFIC
    keys = derive(population.keys[users], np.full(len(users), calendar.day))
    draw = uniform(keys, 0)
    none = np.exp(-rate)
    number = (draw > none).astype(np.int64)
    number += draw > none * (1 + rate)
    number += draw > none * (1 + rate + rate * rate / 2)
    number = np.maximum(number, joined == calendar.day)
    here = number > 0
    return users[here], number[here], keys[here]


def start_times(
    population: Population, memory: Memory, calendar: Calendar, users: Ints, keys: Keys, visit: int
) -> Ints:
    """Start of the `visit`-th session of the day, microseconds of the window; later than 23:25 means none."""
    midnight = calendar.day * DAY_US
    if visit == 0:
        edges = np.cumsum(planted.HOURS, axis=1)
        edges /= edges[:, -1:]
        persona = population.persona[users]
        hour = (edges[persona] < uniform(keys, 1)[:, None]).sum(axis=1)
        clock = (hour + uniform(keys, 2)) * 3_600_000_000
        clock = np.where(clock > LATEST_START_US, uniform(keys, 3) * LATEST_START_US, clock)
        start = midnight + clock
        join = population.join_us[users]
        start = np.where(join // DAY_US == calendar.day, join, start)
    else:
        pause = 60_000_000 - np.log(uniform(keys, 3 + visit)) * 9_000_000_000
        start = memory.last_end[users] + HALF_HOUR_US + pause
    start = np.maximum(start, memory.last_end[users] + HALF_HOUR_US + 60_000_000)
    return (np.floor(start / 1000) * 1000).astype(np.int64)


def open_sessions(
    population: Population, memory: Memory, calendar: Calendar, users: Ints, start_us: Ints
) -> Sessions:
    """Draw channel, device, coupon and intent, and work out the purchase probabilities."""
    keys = derive(population.keys[users], 1_000_000 + memory.sessions[users].astype(np.int64))
    persona = population.persona[users]
    days = start_us / DAY_US

    def fresh(moment: Ints, scale: float) -> Floats:
        return np.exp(-np.maximum(days - moment / DAY_US, 0.0) / scale)

    abandoned = memory.abandoned_at[users]
    warmth = fresh(abandoned, planted.ABANDONED_DAYS)
    first = (memory.sessions[users] == 0) & (population.join_us[users] >= 0)

    channel = _channels(population, calendar, users, keys, warmth, first)
    keeps = uniform(keys, 1) < planted.KEEPS_DEVICE
    device = np.where(
        keeps, population.device[users], pick(planted.DEVICE_BY_PERSONA[persona], uniform(keys, 2))
    )

    decay = np.exp(-(days - memory.carry_at[users] / DAY_US)[:, None] / planted.CARRY_DAYS)
    carried = planted.CARRY_OVER * (1.0 - np.exp(-memory.carry[users] * decay))
    intent = planted.SESSION_SD * normal(keys, 3)
    orders = np.log1p(memory.orders[users])
    baseline = population.baseline[users].astype(np.float64)
    hour = (start_us % DAY_US) // 3_600_000_000
    base = (
        planted.INTERCEPT
        + planted.PERSONA_INTENT[persona]
        + baseline
        + intent
        + planted.COUNTRY_EFFECT[population.country[users]]
        + planted.DEVICE_EFFECT[device]
        + planted.HOUR_EFFECT[hour]
        + planted.OWN_CHANNEL[channel]
        + carried.sum(axis=1)
        + planted.ABANDONED_CART * warmth
        + planted.RECENT_VISIT * fresh(memory.last_end[users], planted.RECENT_DAYS)
        + planted.LOYALTY * np.minimum(orders, 1.5)
        + planted.SATIATION * fresh(memory.last_order[users], planted.SATIATION_DAYS)
        + planted.NEW_USER * first
        + planted.SEASON * -np.expm1(-calendar.day / planted.SEASON_DAYS)
        + planted.PROMOTION_INTENT * calendar.promotion
        + planted.DRIFT_INTENT * calendar.drift
    )
    recent_cart = (abandoned > start_us - 7 * DAY_US).astype(np.float64)
    hidden = baseline + intent
    propensity = _coupon_propensity(memory, calendar, users, start_us, channel, recent_cart, orders, hidden)
    level = pick(np.tile(planted.COUPON_LEVEL, (len(users), 1)), uniform(keys, 5))
    discount = np.where(uniform(keys, 4) < propensity, planted.DISCOUNT_LEVELS[level], 0.0)

    per_point = planted.DISCOUNT_PER_10[persona] / 10.0
    shipping = planted.FREE_SHIPPING[persona]
    treated = calendar.running[0] & population.variants[users, 0]
    log_odds = base + per_point * discount + shipping * treated
    newly = calendar.running[None, :] & ~memory.exposed[users]
    return Sessions(
        user=users,
        keys=keys,
        start_us=start_us,
        device=device.astype(np.int64),
        channel=channel,
        discount=discount,
        discount_propensity=propensity,
        intent=intent,
        log_odds=log_odds,
        p_start=expit(log_odds),
        p_without_discount=expit(base + shipping * treated),
        p_with_discount_10=expit(base + per_point * 10.0 + shipping * treated),
        p_without_free_shipping=expit(base + per_point * discount),
        p_with_free_shipping=expit(base + per_point * discount + shipping),
        p_without_channel=_without_channels(log_odds, channel, carried),
        abandoned_warmth=warmth,
        newly_exposed=newly,
    )


def _channels(
    population: Population, calendar: Calendar, users: Ints, keys: Keys, warmth: Floats, first: NDArray[Any]
) -> Ints:
    logits = np.log(planted.CHANNEL_BY_PERSONA)[population.persona[users]]
    logits = logits + planted.HOT_CHANNEL * warmth[:, None] + planted.FIRST_CHANNEL * first[:, None]
    logits[np.arange(len(users)), population.channel[users]] += planted.ACQUISITION_STICKS
    if calendar.drift:
        logits += planted.DRIFT_CHANNEL
    drawn = pick(np.exp(logits), uniform(keys, 0))
    # The session in which a user signs up came through the channel that brought the user.
    return np.where(first, population.channel[users], drawn).astype(np.int64)


def _coupon_propensity(
    memory: Memory,
    calendar: Calendar,
    users: Ints,
    start_us: Ints,
    channel: Ints,
    recent_cart: Floats,
    log_orders: Floats,
    hidden: Floats,
) -> Floats:
    rule = planted.COUPON
    return expit(
        rule["base"]
        + rule["abandoned_cart_7_days"] * recent_cart
        + rule["log_sessions_before"] * np.log1p(memory.sessions[users])
        + rule["log_orders_before"] * log_orders
        + rule["email"] * (channel == planted.EMAIL)
        + rule["visited_within_3_days"] * (memory.last_end[users] > start_us - 3 * DAY_US)
        + rule["promotion"] * calendar.promotion
        + rule["hidden_intent"] * hidden
    )


def _without_channels(log_odds: Floats, channel: Ints, carried: Floats) -> Floats:
    """Purchase probability of each session were a channel switched off; (sessions, channels).

    Sessions of other channels lose what the channel carried over. Of the channel's own sessions the
    planted share would have come all the same, directly (direct ones: by organic search).
    """
    without = expit(log_odds[:, None] - carried)
    rows = np.arange(len(channel))
    instead = np.where(channel == planted.DIRECT, planted.ORGANIC, planted.DIRECT)
    moved = log_odds - carried[rows, channel] + planted.OWN_CHANNEL[instead] - planted.OWN_CHANNEL[channel]
    without[rows, channel] = planted.SUBSTITUTION[channel] * expit(moved)
    return without
