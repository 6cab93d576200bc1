"""What only the evaluation may know: tables of `truth/`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from journey.stores.simulator import planted
from journey.stores.simulator.catalogue import Catalogue
from journey.stores.simulator.day import Day
from journey.stores.simulator.outlook import Outlook
from journey.stores.simulator.parameters import ShopParameters
from journey.stores.simulator.population import Memory, Population
from journey.stores.simulator.writing import moments, names, real


def session_table(day: Day, first_id: int, start_us: int) -> pa.Table:
    """One row per true session of a day."""
    sessions = day.sessions
    return pa.table(
        {
            "true_session_id": pa.array(first_id + np.arange(len(sessions.user))),
            "user_id": pa.array(sessions.user + 1),
            "start_ts": moments(sessions.start_us + start_us),
            "n_events": pa.array(day.n_events),
            "channel": names(sessions.channel, planted.CHANNELS),
            "device": names(sessions.device, planted.DEVICES),
            "discount_pct": pa.array(sessions.discount),
            "p_start": pa.array(sessions.p_start),
            "p_without_discount": pa.array(sessions.p_without_discount),
            "p_with_discount_10": pa.array(sessions.p_with_discount_10),
            "p_without_free_shipping": pa.array(sessions.p_without_free_shipping),
            "p_with_free_shipping": pa.array(sessions.p_with_free_shipping),
            "discount_propensity": pa.array(sessions.discount_propensity),
            "intent": pa.array(sessions.intent),
            "purchased": pa.array(day.bought),
        }
    )


def event_table(
    event_id: NDArray[np.int64], session: NDArray[np.int64], p_after: NDArray[Any], first_id: int
) -> pa.Table:
    """One row per event of a person, by event_id."""
    people = session >= 0
    return pa.table(
        {
            "event_id": pa.array(event_id[people]),
            "true_session_id": pa.array(first_id + session[people]),
            "p_after": pa.array(p_after[people]),
        }
    )


def item_table(catalogue: Catalogue) -> pa.Table:
    """Hidden traits of the items."""
    columns = {
        "item_id": pa.array(np.arange(len(catalogue.price)) + 1),
        "popularity": pa.array(catalogue.popularity),
        "price_position": pa.array(catalogue.price_position.astype(np.float64)),
        "launch_day": pa.array(catalogue.launch_day),
        "reprice_day": pa.array(np.where(catalogue.reprice_day > 100_000, -1, catalogue.reprice_day)),
        "complement_item_id": pa.array(catalogue.complement + 1),
    }
    for dimension in range(planted.TASTE_DIMENSIONS):
        columns[f"taste_{dimension}"] = pa.array(catalogue.taste[:, dimension].astype(np.float64))
    return pa.table(columns)


class ChannelLedger:
    """Expected conversions with and without each channel, summed over the days."""

    def __init__(self) -> None:
        self.total = 0.0
        self.without = np.zeros(len(planted.CHANNELS))

    def add(self, day: Day) -> None:
        """Count the sessions of a day."""
        self.total += float(day.sessions.p_start.sum())
        self.without += day.sessions.p_without_channel.sum(axis=0)

    def table(self) -> pa.Table:
        """Rows of `truth/channel_value.parquet`."""
        return pa.table(
            {
                "channel": pa.array(planted.CHANNELS),
                "expected_conversions_total": pa.array(np.full(len(planted.CHANNELS), self.total)),
                "expected_without": pa.array(self.without),
                "incremental": pa.array(self.total - self.without),
            }
        )


def user_table(
    parameters: ShopParameters, population: Population, memory: Memory, outlook: Outlook
) -> pa.Table:
    """Hidden traits, true effects and future value of the users."""
    seen = np.maximum(memory.lift_sessions, 1)
    effect = np.where(memory.lift_sessions > 0, memory.lift_sum / seen, np.nan)
    came = np.maximum(memory.sessions, 1)
    discount = np.where(memory.sessions > 0, memory.discount_sum / came, np.nan)
    columns = {
        "user_id": pa.array(np.arange(parameters.users) + 1),
        "persona": names(population.persona, planted.PERSONAS),
        "is_bot": pa.array(population.bot),
        "sessions_per_day": pa.array(population.rate.astype(np.float64)),
        "baseline": pa.array(population.baseline.astype(np.float64)),
        "price_target": pa.array(population.price_target.astype(np.float64)),
        "churn_day": pa.array(population.churn_day),
        "free_shipping_effect": real(effect),
        "discount_effect": real(discount),
        "future_value": pa.array(outlook.future_value()),
    }
    for place, experiment in enumerate(planted.EXPERIMENTS):
        columns[f"assigned_{experiment}"] = names(
            population.variants[:, place].astype(np.int8), ("control", "treatment")
        )
    for dimension in range(planted.TASTE_DIMENSIONS):
        columns[f"taste_{dimension}"] = pa.array(population.taste[:, dimension].astype(np.float64))
    return pa.table(columns)
