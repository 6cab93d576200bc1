"""Bots, and what goes wrong between a device and the raw store. What was done to a row is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journey.inference.arrays import Floats, Ints
from journey.stores.simulator import planted
from journey.stores.simulator.catalogue import Catalogue
from journey.stores.simulator.day import Events
from journey.stores.simulator.draws import derive, root_key, uniform
from journey.stores.simulator.intent import LATEST_START_US
from journey.stores.simulator.parameters import ShopParameters
from journey.stores.simulator.population import DAY_US, Population

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
# Kinds of dirt as bits of `RawRows.flags`, in the order of the names.
KINDS = ("duplicate", "late", "skewed", "bot", "missing_user", "negative_quantity")
DUPLICATE, LATE, SKEWED, BOT, MISSING, NEGATIVE = (1 << bit for bit in range(6))


@dataclass(frozen=True)
class RawRows:
    """Rows as the server gets them, with the truth beside them; times in microseconds of the window."""

    event_id: Ints
    ts_us: Ints
    received_us: Ints
    user: Ints
    kind: Ints
    item: Ints
    device: Ints
    channel: Ints
    quantity: Ints
    price: Floats
    discount: Floats
    true_ts_us: Ints
    true_user: Ints
    true_quantity: Ints
    flags: Ints

    def take(self, rows: NDArray[Any]) -> RawRows:
        """Rows by mask or index."""
        return RawRows(*(getattr(self, f.name)[rows] for f in fields(self)))


def stack(parts: Iterable[RawRows]) -> RawRows:
    """Rows of all parts, one after the other."""
    blocks = list(parts)
    return RawRows(*(np.concatenate([getattr(b, f.name) for b in blocks]) for f in fields(RawRows)))


def bot_events(
    parameters: ShopParameters, population: Population, catalogue: Catalogue, day: int
) -> Events | None:
    """Views of the bots of a day: long runs along the shelves, about one a second."""
    bots = np.flatnonzero(population.bot)
    joined, churn = population.join_us[bots] // DAY_US, population.churn_day[bots]
    keys = derive(derive(root_key(parameters.seed, 5), bots), np.full(len(bots), day))
    runs = (uniform(keys, 0) < planted.BOT_RUNS / 90.0) & (joined < day) & (day < np.maximum(churn, 30))
    bots, keys = bots[runs], keys[runs]
    if len(bots) == 0:
        return None
    length = (planted.BOT_VIEWS * (0.6 + 0.8 * uniform(keys, 1))).astype(np.int64)
    bot = np.repeat(np.arange(len(bots)), length)
    position = np.arange(len(bot)) - np.repeat(np.cumsum(length) - length, length)
    gaps = np.floor(1000 * (0.7 + 0.6 * uniform(derive(keys[bot], position), 2)))
    passed = np.cumsum(gaps)
    passed -= np.repeat(passed[np.cumsum(length) - length], length)
    start = np.floor(uniform(keys, 3) * LATEST_START_US / 1000)[bot]
    on_sale = np.flatnonzero(catalogue.launch_day <= day)
    item = on_sale[
        (np.floor(uniform(keys, 4) * len(on_sale)).astype(np.int64)[bot] + position) % len(on_sale)
    ]
    fill = np.zeros(len(bot), dtype=np.int64)
    return Events(
        ts_us=day * DAY_US + 1000 * (start + passed).astype(np.int64),
        user=bots[bot],
        kind=fill + planted.VIEW,
        item=item,
        device=fill + planted.DEVICES.index("desktop"),
        channel=np.where(uniform(keys, 5) < 0.5, planted.DIRECT, planted.ORGANIC)[bot],
        quantity=fill + 1,
        price=catalogue.prices_on(day)[item],
        discount=fill.astype(np.float64),
        session=fill - 1,
        p_after=fill.astype(np.float64),
    )


def merge(clean: Events, bots: Events | None) -> Events:
    """Events of people and bots in order of time."""
    if bots is None:
        return clean
    joined = {f.name: np.concatenate([getattr(clean, f.name), getattr(bots, f.name)]) for f in fields(Events)}
    order = np.lexsort((joined["user"], joined["ts_us"]))
    return Events(**{name: values[order] for name, values in joined.items()})


def soil(
    parameters: ShopParameters,
    events: Events,
    session_keys: NDArray[np.uint64],
    first_id: int,
) -> tuple[RawRows, int]:
    """Send the events of a day to the server, with accidents.

    Parameters
    ----------
    session_keys : keys of the day's sessions.
    first_id : number of the first event.

    Returns
    -------
    rows, next_id : the raw rows and the first unused number.
    """
    rates, number = parameters.rates, len(events.ts_us)
    own = derive(root_key(parameters.seed, 6), first_id + np.arange(number))
    # Lines of one order travel together: same delay, same lateness.
    parcel = derive(derive(root_key(parameters.seed, 7), events.user), events.ts_us)
    bot = events.session < 0
    people = ~bot
    in_cart = np.isin(events.kind, (planted.ADD, planted.REMOVE, planted.PURCHASE))

    offset = _clock_error(parameters, session_keys, events)
    skewed = offset != 0
    late = (uniform(parcel, 1) < rates.late) & ~skewed
    delay = np.floor((0.05 + 4.9 * uniform(parcel, 0) ** 3) * SECOND_US)
    delay = np.where(late, np.floor((6 + 41 * uniform(parcel, 2)) * HOUR_US), delay).astype(np.int64)
    missing = (uniform(own, 3) < rates.missing_user) & people
    negative = (uniform(own, 4) < rates.negative_quantity) & in_cart
    rows = RawRows(
        event_id=first_id + np.arange(number),
        ts_us=events.ts_us + offset,
        received_us=events.ts_us + delay,
        user=np.where(missing, -1, events.user),
        kind=events.kind,
        item=events.item,
        device=events.device,
        channel=events.channel,
        quantity=np.where(negative, -events.quantity, events.quantity),
        price=events.price,
        discount=events.discount,
        true_ts_us=events.ts_us,
        true_user=events.user,
        true_quantity=events.quantity,
        flags=LATE * late + SKEWED * skewed + BOT * bot + MISSING * missing + NEGATIVE * negative,
    )
    again = uniform(own, 5) < rates.duplicate
    copies, resent = rows.take(again), own[again]
    renamed = uniform(resent, 6) < 0.3
    copies = replace(
        copies,
        event_id=np.where(renamed, first_id + number - 1 + np.cumsum(renamed), copies.event_id),
        received_us=copies.received_us
        + np.floor((1 + 599 * uniform(resent, 7) ** 2) * SECOND_US).astype(np.int64),
        flags=copies.flags | DUPLICATE,
    )
    return stack([rows, copies]), first_id + number + int(renamed.sum())


def _clock_error(parameters: ShopParameters, session_keys: NDArray[np.uint64], events: Events) -> Ints:
    """Microseconds added to the device clock; one error per session, 0 for most.

    Of the wrong clocks 40% are 2 hours to 5 days fast, 40% 4 to 40 days slow, 20% started again in 1970.
    """
    if len(session_keys) == 0:
        return np.zeros(len(events.ts_us), dtype=np.int64)
    wrong = uniform(session_keys, 90) < parameters.rates.skewed
    kind, size = uniform(session_keys, 91), uniform(session_keys, 92)
    fast = 2 * HOUR_US + size * (5 * DAY_US - 2 * HOUR_US)
    slow = -(4 * DAY_US + size * 36 * DAY_US)
    people = events.session >= 0
    starts = np.full(len(session_keys), np.iinfo(np.int64).max)
    np.minimum.at(starts, events.session[people], events.ts_us[people])
    reset = size * 2 * DAY_US - (starts + window_start_us(parameters))
    error = np.where(kind < 0.4, fast, np.where(kind < 0.8, slow, reset))
    error = (np.floor(np.where(wrong, error, 0.0) / 1000) * 1000).astype(np.int64)
    return np.where(people, error[np.maximum(events.session, 0)], 0)


def window_start_us(parameters: ShopParameters) -> int:
    """Midnight of the first day, microseconds since 1970 (UTC)."""
    return (parameters.start.toordinal() - 719_163) * DAY_US
