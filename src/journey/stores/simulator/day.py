"""One day of the shop: all sessions and events, and what the users remember of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journey.inference.arrays import Floats, Ints
from journey.stores.simulator import planted
from journey.stores.simulator.catalogue import Catalogue, Shelf
from journey.stores.simulator.choice import choose_items
from journey.stores.simulator.clock import event_times
from journey.stores.simulator.draws import uniform
from journey.stores.simulator.intent import (
    LATEST_START_US,
    MOST_PER_DAY,
    Calendar,
    Sessions,
    open_sessions,
    start_times,
    visits_today,
)
from journey.stores.simulator.path import Paths, event_keys, walk
from journey.stores.simulator.population import DAY_US, NEVER, Memory, Population


@dataclass(frozen=True)
class Events:
    """Clean events of a day, sorted by time and user; `session` indexes the day's sessions, -1 for bots.

    `ts_us` counts from the start of the window; `user` and `item` are numbers from 0 (-1: none); prices are
    in EUR.
    """

    ts_us: Ints
    user: Ints
    kind: Ints
    item: Ints
    device: Ints
    channel: Ints
    quantity: Ints
    price: Floats
    discount: Floats
    session: Ints
    p_after: Floats


@dataclass(frozen=True)
class Day:
    """Sessions of a day sorted by start and user, with their outcomes, and their events."""

    sessions: Sessions
    bought: NDArray[np.bool_]
    revenue: Floats
    n_events: Ints
    exposed: NDArray[np.bool_]
    events: Events


@dataclass(frozen=True)
class _Pass:
    sessions: Sessions
    paths: Paths
    ts_us: Ints
    item: Ints
    quantity: Ints
    exposed: NDArray[np.bool_]


def live_through(
    population: Population,
    memory: Memory,
    catalogue: Catalogue,
    calendar: Calendar,
    chunk_users: int,
) -> Day:
    """Draw a day, a chunk of users at a time; `memory` is updated."""
    shelf = catalogue.shelf_on(calendar.day)
    passes = []
    for low in range(0, len(population.keys), chunk_users):
        chunk = np.arange(low, min(low + chunk_users, len(population.keys)))
        users, number, keys = visits_today(population, memory, calendar, chunk)
        for visit in range(MOST_PER_DAY):
            start = start_times(population, memory, calendar, users, keys, visit)
            come = (number > visit) & (start - calendar.day * DAY_US <= LATEST_START_US)
            users, number, keys, start = users[come], number[come], keys[come], start[come]
            if len(users) == 0:
                break
            passes.append(_visit(population, memory, catalogue, shelf, calendar, users, start))
    if not passes:
        none = np.zeros(0, dtype=np.int64)
        passes.append(_visit(population, memory, catalogue, shelf, calendar, none, none))
    return _assemble(passes, catalogue.prices_on(calendar.day))


def _visit(
    population: Population,
    memory: Memory,
    catalogue: Catalogue,
    shelf: Shelf,
    calendar: Calendar,
    users: Ints,
    start: Ints,
) -> _Pass:
    sessions = open_sessions(population, memory, calendar, users, start)
    persona = population.persona[users].astype(np.int64)
    paths = walk(sessions, persona)
    position = np.arange(len(paths.session)) - np.searchsorted(paths.session, paths.session)
    keys = event_keys(sessions.keys[paths.session], position)
    ts_us = event_times(sessions, paths, persona, keys)
    item, focus = choose_items(catalogue, shelf, population, memory, sessions, paths, keys)
    quantity = _quantities(sessions, paths)
    exposed = _log_exposures(population, sessions, paths)
    _remember(memory, sessions, paths, ts_us, focus, calendar)
    return _Pass(sessions, paths, ts_us, item, quantity, exposed)


def _quantities(sessions: Sessions, paths: Paths) -> Ints:
    """Units per event: 1 but for lines of the cart, where 2 and 3 are possible."""
    line = np.maximum(paths.about, 0)
    draws = np.stack([uniform(sessions.keys, 70 + k) for k in range(planted.MOST_LINES)], axis=1)
    units = 1 + (draws > 0.86).astype(np.int64) + (draws > 0.965)
    in_cart = (paths.about >= 0) & np.isin(paths.kind, (planted.ADD, planted.REMOVE, planted.PURCHASE))
    return np.where(in_cart, units[paths.session, line], 1)


def _log_exposures(population: Population, sessions: Sessions, paths: Paths) -> NDArray[np.bool_]:
    """Which first exposures reach the log; (sessions, experiments).

    The banner's beacon is slow: in treatment, most short mobile sessions without an order are over before
    it is sent, and the user is never logged at all.
    """
    logged = sessions.newly_exposed.copy()
    banner = planted.EXPERIMENTS.index("broken_banner")
    events = np.bincount(paths.session, minlength=len(sessions.user))
    lost = population.variants[sessions.user, banner] & (sessions.device == planted.MOBILE)
    lost &= (events <= planted.BANNER_LOSS_EVENTS) & ~paths.bought
    lost &= uniform(sessions.keys, 80) < planted.BANNER_LOSS
    logged[lost, banner] = False
    return logged


def _remember(
    memory: Memory, sessions: Sessions, paths: Paths, ts_us: Ints, focus: Ints, calendar: Calendar
) -> None:
    """Carry the session over into the user's state. No user occurs twice in one pass."""
    users = sessions.user
    ends = np.cumsum(np.bincount(paths.session, minlength=len(users))) - 1
    end = ts_us[ends]
    memory.last_end[users] = end
    memory.sessions[users] += 1
    buyers, leavers = users[paths.bought], users[paths.abandoned]
    memory.orders[buyers] += 1
    memory.last_order[buyers] = end[paths.bought]
    memory.wish[buyers] = -1
    memory.abandoned_at[buyers] = NEVER
    memory.abandoned_at[leavers] = end[paths.abandoned]
    memory.wish[leavers] = focus[paths.abandoned]
    since = (sessions.start_us - memory.carry_at[users]) / DAY_US
    memory.carry[users] *= np.exp(-since[:, None] / planted.CARRY_DAYS)
    memory.carry[users, sessions.channel] += 1.0
    memory.carry_at[users] = sessions.start_us
    memory.exposed[users] |= sessions.newly_exposed
    if calendar.running[0]:
        memory.lift_sum[users] += sessions.p_with_free_shipping - sessions.p_without_free_shipping
        memory.lift_sessions[users] += 1
    memory.discount_sum[users] += sessions.p_with_discount_10 - sessions.p_without_discount


def _assemble(passes: list[_Pass], prices: Floats) -> Day:
    """Join the passes and put sessions and events in their order in time."""
    sessions = Sessions(
        *(np.concatenate([getattr(p.sessions, f.name) for p in passes]) for f in fields(Sessions))
    )
    order = np.lexsort((sessions.user, sessions.start_us))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    offsets = np.cumsum([0] + [len(p.sessions.user) for p in passes])
    row = np.concatenate([p.paths.session + low for p, low in zip(passes, offsets, strict=False)])

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(p.paths, name) for p in passes])

    ts_us = np.concatenate([p.ts_us for p in passes])
    item = np.concatenate([p.item for p in passes])
    quantity = np.concatenate([p.quantity for p in passes])
    kind = joined("kind")
    price = np.where(item >= 0, prices[item], np.nan)
    sold = (kind == planted.PURCHASE) * quantity * np.nan_to_num(price) * (1 - sessions.discount[row] / 100)
    revenue: Floats = np.bincount(row, weights=sold, minlength=len(order)).astype(np.float64)
    in_time = np.lexsort((sessions.user[row], ts_us))
    row = row[in_time]
    events = Events(
        ts_us=ts_us[in_time],
        user=sessions.user[row],
        kind=kind[in_time],
        item=item[in_time],
        device=sessions.device[row],
        channel=sessions.channel[row],
        quantity=quantity[in_time],
        price=price[in_time],
        discount=sessions.discount[row],
        session=place[row],
        p_after=joined("p_after")[in_time],
    )
    return Day(
        sessions=Sessions(*(getattr(sessions, f.name)[order] for f in fields(Sessions))),
        bought=np.concatenate([p.paths.bought for p in passes])[order],
        revenue=revenue[order],
        n_events=np.bincount(events.session, minlength=len(order)),
        exposed=np.concatenate([p.exposed for p in passes])[order],
        events=events,
    )
