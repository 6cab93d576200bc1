"""Write the store folder of the simulated shop, day by day."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from journey import files
from journey.errors import JourneyError
from journey.stores.schema import Manifest, Partitions, write_manifest
from journey.stores.simulator import planted, truth
from journey.stores.simulator.catalogue import Catalogue, stock
from journey.stores.simulator.day import Day, live_through
from journey.stores.simulator.dirt import RawRows, bot_events, merge, soil, stack, window_start_us
from journey.stores.simulator.intent import Calendar
from journey.stores.simulator.outlook import Outlook
from journey.stores.simulator.parameters import ShopParameters
from journey.stores.simulator.population import DAY_US, Memory, Population, blank_memory, populate
from journey.stores.simulator.writing import (
    Stream,
    dirt_table,
    events_table,
    moments,
    names,
    write_table,
)

DAYS_AFTER = 2  # rows sent in the window may be received up to two days after it


def simulate(
    target: Path, parameters: ShopParameters, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Simulate a shop and write its store folder, whole or not at all.

    Parameters
    ----------
    target : folder of the store; an existing one is replaced.
    parameters : size, seed and dirt.
    progress : called as `progress(days done, days)` after each day.

    Returns
    -------
    dict
        The manifest, as written last to `manifest.json`.

    Raises
    ------
    JourneyError
        When the shop is so small that nothing happens in it.
    """
    with files.replacing(target) as folder, ExitStack() as opened:
        folder.mkdir()
        run = _Run(folder, parameters, opened)
        for day in range(parameters.days):
            run.live(day)
            if progress is not None:
                progress(day + 1, parameters.days)
        return run.finish()


class _Run:
    """One simulation under way: users and their memory, open files, rows still on their way."""

    def __init__(self, folder: Path, parameters: ShopParameters, opened: ExitStack) -> None:
        self.folder, self.parameters = folder, parameters
        self.start_us = window_start_us(parameters)
        self.catalogue: Catalogue = stock(parameters)
        self.population: Population = populate(parameters, self.catalogue)
        self.memory: Memory = blank_memory(parameters.users)
        self.channels = truth.ChannelLedger()
        self.outlook = Outlook(parameters, self.population)
        self.on_the_way: list[RawRows] = []
        self.exposures: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.next_event = self.next_session = 1
        self.rows = 0
        self.days: list[date] = []
        self.opened = opened
        self.sessions = opened.enter_context(Stream(folder / "truth" / "sessions.parquet"))
        self.events = opened.enter_context(Stream(folder / "truth" / "events.parquet"))
        self.dirt = opened.enter_context(Stream(folder / "truth" / "dirt.parquet"))

    def live(self, number: int) -> None:
        """Simulate a day and write what the server receives on it."""
        calendar = Calendar.of(self.parameters, number)
        day = live_through(
            self.population, self.memory, self.catalogue, calendar, self.parameters.chunk_users
        )
        everything = merge(day.events, bot_events(self.parameters, self.population, self.catalogue, number))
        first = self.next_event
        rows, self.next_event = soil(self.parameters, everything, day.sessions.keys, first)
        ids = first + np.arange(len(everything.session))
        self.events.append(truth.event_table(ids, everything.session, everything.p_after, self.next_session))
        self.sessions.append(truth.session_table(day, self.next_session, self.start_us))
        self.next_session += len(day.sessions.user)
        self._note(day, number)
        self.on_the_way.append(rows)
        self._receive(number)

    def _note(self, day: Day, number: int) -> None:
        self.channels.add(day)
        self.outlook.add(day, number)
        session, experiment = np.nonzero(day.exposed)
        self.exposures.append((day.sessions.user[session], experiment, day.sessions.start_us[session]))

    def _receive(self, day: int) -> None:
        """Write the partition of a day; keep rows that arrive later."""
        rows = stack(self.on_the_way)
        here = rows.received_us < (day + 1) * DAY_US
        self.on_the_way = [rows.take(~here)]
        rows = rows.take(here)
        if len(rows.event_id) == 0:
            return
        rows = rows.take(np.lexsort((rows.event_id, rows.received_us)))
        change = self.parameters.type_change_day
        retyped = change is not None and day >= change
        label = self.parameters.start + timedelta(day)
        table = events_table(rows, self.start_us, retyped)
        write_table(table, self.folder / "events" / f"day={label}" / "events.parquet")
        self.dirt.append(dirt_table(rows, self.start_us, retyped))
        self.rows += len(rows.event_id)
        self.days.append(label)

    def finish(self) -> dict[str, Any]:
        """Write rows still on their way, the tables of users, items and exposures, and the manifest.

        Raises
        ------
        JourneyError
            When the shop had no event on any day.
        """
        for day in range(self.parameters.days, self.parameters.days + DAYS_AFTER + 1):
            self._receive(day)
        self.opened.close()
        if not self.days:
            shop = self.parameters
            raise JourneyError(
                f"Nothing happens in a shop with users={shop.users}, days={shop.days} and seed={shop.seed}:"
                " 0 events; give more users or days."
            )
        exposures = self._exposure_table()
        write_table(self._user_table(), self.folder / "users.parquet")
        write_table(self._item_table(), self.folder / "items.parquet")
        write_table(exposures, self.folder / "exposures.parquet")
        hidden = self.folder / "truth"
        users = truth.user_table(self.parameters, self.population, self.memory, self.outlook)
        write_table(users, hidden / "users.parquet")
        write_table(truth.item_table(self.catalogue), hidden / "items.parquet")
        write_table(self.channels.table(), hidden / "channel_value.parquet")
        files.write_json(hidden / "parameters.json", self._planted())
        manifest = Manifest(
            store="simulated",
            rows={
                "events": self.rows,
                "users": self.parameters.users,
                "items": self.parameters.items,
                "exposures": exposures.num_rows,
            },
            first_day=self.parameters.start,
            last_day=self.parameters.start + timedelta(self.parameters.days - 1),
            partitions=Partitions.of(self.days),
            parameters=self.parameters.as_dict(),
        )
        write_manifest(self.folder, manifest)
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    def _user_table(self) -> pa.Table:
        people = self.population
        return pa.table(
            {
                "user_id": pa.array(np.arange(self.parameters.users) + 1),
                "signup_ts": moments(people.join_us + self.start_us),
                "country": names(people.country, planted.COUNTRIES),
                "age_band": names(people.age_band, planted.AGE_BANDS),
                "device_preference": names(people.device, planted.DEVICES),
                "acquisition_channel": names(people.channel, planted.CHANNELS),
            }
        )

    def _item_table(self) -> pa.Table:
        items = self.catalogue
        return pa.table(
            {
                "item_id": pa.array(np.arange(self.parameters.items) + 1),
                "category": names(items.category, planted.CATEGORIES),
                "brand": names(items.brand, planted.BRANDS),
                "price": pa.array(items.price),
                "rating": pa.array(items.rating),
            }
        )

    def _exposure_table(self) -> pa.Table:
        user, experiment, moment = (np.concatenate(c) for c in zip(*self.exposures, strict=True))
        variant = self.population.variants[user, experiment]
        return pa.table(
            {
                "user_id": pa.array(user + 1),
                "experiment": names(experiment, planted.EXPERIMENTS),
                "variant": names(variant, ("control", "treatment")),
                "ts": moments(moment + self.start_us),
            }
        )

    def _planted(self) -> dict[str, Any]:
        parameters = self.parameters
        return {
            "parameters": parameters.as_dict(),
            "promotion_days": [(parameters.start + timedelta(d)).isoformat() for d in parameters.promotion],
            "drift_from": (parameters.start + timedelta(parameters.drift_day)).isoformat(),
            "experiments_from": {
                name: (parameters.start + timedelta(d)).isoformat()
                for name, d in parameters.experiment_days().items()
            },
            "planted": planted.as_dict(),
        }
