"""The users: who they are (fixed) and what they remember (state that the days change)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from journey.stores.simulator import planted
from journey.stores.simulator.catalogue import Catalogue
from journey.stores.simulator.draws import Keys, derive, normal, pick, root_key, uniform
from journey.stores.simulator.parameters import ShopParameters

DAY_US = 86_400_000_000
NEVER = np.iinfo(np.int64).min // 4


@dataclass(frozen=True)
class Population:
    """Fixed traits in arrays of length `users`; user number `u` has `user_id` `u + 1`.

    Attributes
    ----------
    keys : random key of the user.
    persona, country, age_band, device, channel : index into the planted names.
    rate : sessions per ordinary day while active.
    baseline : log-odds of a purchase added by the user.
    taste : (users, 8) float32.
    price_target : wanted log price in standard deviations within a category.
    category_weight : (users, categories) float32 weights of the session's category.
    join_us : moment of signing up, microseconds since the start of the window (negative: before).
    churn_day : last active day plus one, counted from the start of the window.
    bot : whether the user is a bot.
    variants : (users, experiments) bool, True for treatment.
    """

    keys: Keys
    persona: NDArray[np.int8]
    country: NDArray[np.int8]
    age_band: NDArray[np.int8]
    device: NDArray[np.int8]
    channel: NDArray[np.int8]
    rate: NDArray[np.float32]
    baseline: NDArray[np.float32]
    taste: NDArray[np.float32]
    price_target: NDArray[np.float32]
    category_weight: NDArray[np.float32]
    join_us: NDArray[np.int64]
    churn_day: NDArray[np.int32]
    bot: NDArray[np.bool_]
    variants: NDArray[np.bool_]


@dataclass
class Memory:
    """State per user that carries over from session to session; times in microseconds of the window."""

    last_end: NDArray[np.int64]
    sessions: NDArray[np.int32]
    orders: NDArray[np.int32]
    last_order: NDArray[np.int64]
    abandoned_at: NDArray[np.int64]
    wish: NDArray[np.int32]
    carry: NDArray[np.float32]
    carry_at: NDArray[np.int64]
    exposed: NDArray[np.bool_]
    lift_sum: NDArray[np.float32]
    lift_sessions: NDArray[np.int32]
    discount_sum: NDArray[np.float32]


def populate(parameters: ShopParameters, catalogue: Catalogue) -> Population:
    """Draw the users of a shop, a chunk at a time."""
    parts = [
        _populate(parameters, catalogue, np.arange(low, min(low + parameters.chunk_users, parameters.users)))
        for low in range(0, parameters.users, parameters.chunk_users)
    ]
    return Population(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _populate(
    parameters: ShopParameters, catalogue: Catalogue, numbers: NDArray[np.int64]
) -> list[NDArray[Any]]:
    keys = derive(root_key(parameters.seed, 3), numbers)
    persona = np.searchsorted(np.cumsum(planted.PERSONA_SHARE)[:-1], uniform(keys, 0), side="right")
    age = pick(planted.AGE_BY_PERSONA[persona], uniform(keys, 1))
    country = np.searchsorted(np.cumsum(planted.COUNTRY_SHARE)[:-1], uniform(keys, 2), side="right")
    device = pick(planted.DEVICE_BY_PERSONA[persona], uniform(keys, 3))
    acquired = planted.CHANNEL_BY_PERSONA[persona] * np.exp(planted.FIRST_CHANNEL)
    channel = pick(acquired, uniform(keys, 4))

    shape = planted.ACTIVITY_SHAPE
    activity = gammaincinv(shape, uniform(keys, 5)) / shape
    rate = planted.DAILY_SESSIONS[persona] * np.minimum(activity, 5.0)
    is_new = uniform(keys, 6) < planted.NEW_USER_SHARE
    new_at = uniform(keys, 7) * parameters.days
    # A newcomer signs up between 06:00 and 22:00, in the session that starts then.
    new_us = np.floor(new_at) * DAY_US + (6 + 16 * (new_at % 1.0)) * 3_600e6
    old_us = -(uniform(keys, 7) ** 1.5) * 720 * DAY_US - 3_600e6
    join_us = np.floor(np.where(is_new, new_us, old_us) / 1000) * 1000
    joined = np.maximum(np.floor(join_us / DAY_US), 0)
    staying = -np.log(uniform(keys, 8)) / planted.CHURN_PER_DAY[persona]
    churn_day = np.minimum(joined + 1 + np.floor(staying), 100_000)

    dimensions = planted.TASTE_DIMENSIONS
    taste = np.stack([normal(keys, 20 + d) for d in range(dimensions)], axis=1)
    target = planted.PRICE_TARGET[persona] + planted.PRICE_TARGET_SD * normal(keys, 9)
    logits = (
        planted.TASTE_CATEGORY * taste @ catalogue.centroids.T
        + planted.CATEGORY_BY_PERSONA[persona]
        + np.log(planted.CATEGORY_SHARE)
    )
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    variants = np.stack([uniform(keys, 40 + e) < 0.5 for e in range(len(planted.EXPERIMENTS))], axis=1)
    return [
        keys, persona.astype(np.int8), country.astype(np.int8), age.astype(np.int8), device.astype(np.int8),
        channel.astype(np.int8), rate.astype(np.float32),
        (planted.USER_SD * normal(keys, 10)).astype(np.float32), taste.astype(np.float32),
        target.astype(np.float32), weight.astype(np.float32), join_us.astype(np.int64),
        churn_day.astype(np.int32), uniform(keys, 11) < parameters.rates.bot, variants,
    ]  # fmt: skip


def blank_memory(users: int) -> Memory:
    """Memory of users who have done nothing yet."""
    return Memory(
        last_end=np.full(users, NEVER),
        sessions=np.zeros(users, dtype=np.int32),
        orders=np.zeros(users, dtype=np.int32),
        last_order=np.full(users, NEVER),
        abandoned_at=np.full(users, NEVER),
        wish=np.full(users, -1, dtype=np.int32),
        carry=np.zeros((users, len(planted.CHANNELS)), dtype=np.float32),
        carry_at=np.zeros(users, dtype=np.int64),
        exposed=np.zeros((users, len(planted.EXPERIMENTS)), dtype=np.bool_),
        lift_sum=np.zeros(users, dtype=np.float32),
        lift_sessions=np.zeros(users, dtype=np.int32),
        discount_sum=np.zeros(users, dtype=np.float32),
    )
