"""What only the evaluation may know: tables of `truth/`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import expit

from journey.stores.simulator import planted
from journey.stores.simulator.catalogue import Catalogue
from journey.stores.simulator.day import Day
from journey.stores.simulator.parameters import ShopParameters
from journey.stores.simulator.population import DAY_US, Memory, Population
from journey.stores.simulator.writing import moments, names, real

FUTURE_DAYS = 90


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
    event_id: NDArray[np.int64], session: NDArray[np.int64], p_after: NDArray, first_id: int
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


class PersonaLedger:
    """Sums per persona that the future value needs: what sessions are like, and what orders are worth."""

    def __init__(self) -> None:
        size = len(planted.PERSONAS)
        self.sessions = np.zeros(size)
        self.log_odds = np.zeros(size)
        self.spread = np.zeros(size)
        self.orders = np.zeros(size)
        self.revenue = np.zeros(size)

    def add(self, day: Day, population: Population) -> None:
        """Count the sessions of a day."""
        users = day.sessions.user
        persona = population.persona[users]
        rest = day.sessions.log_odds - population.baseline[users]

        def by_persona(values: NDArray) -> NDArray[np.float64]:
            return np.bincount(persona, values, len(planted.PERSONAS)).astype(np.float64)

        self.sessions += by_persona(np.ones(len(users)))
        self.log_odds += by_persona(rest)
        self.spread += by_persona(rest * rest)
        self.orders += by_persona(day.bought)
        self.revenue += by_persona(day.revenue)


def user_table(
    parameters: ShopParameters, population: Population, memory: Memory, ledger: PersonaLedger
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
        "future_value": pa.array(future_value(parameters, population, ledger)),
    }
    for dimension in range(planted.TASTE_DIMENSIONS):
        columns[f"taste_{dimension}"] = pa.array(population.taste[:, dimension].astype(np.float64))
    return pa.table(columns)


def future_value(
    parameters: ShopParameters, population: Population, ledger: PersonaLedger
) -> NDArray[np.float64]:
    """Expected net revenue of each user over the 90 days after the window, EUR; (users,).

    Expected sessions (the user's rate times the expected active days, the hour of leaving being unknown)
    times the purchase probability averaged over what sessions of the persona are like, times the mean order.
    """
    persona = population.persona
    alive = (population.churn_day > parameters.days) & ~population.bot
    alive &= population.join_us < parameters.days * DAY_US
    hazard = planted.CHURN_PER_DAY[persona]
    active_days = -np.expm1(-hazard * FUTURE_DAYS) / hazard
    number = np.maximum(ledger.sessions, 1.0)
    mean = ledger.log_odds / number
    spread = np.sqrt(np.maximum(ledger.spread / number - mean**2, 0.0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    probability = np.zeros(len(persona))
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        log_odds = population.baseline + mean[persona] + spread[persona] * node
        probability += weight * expit(log_odds)
    overall = ledger.revenue.sum() / max(ledger.orders.sum(), 1.0)
    order = np.where(ledger.orders > 0, ledger.revenue / np.maximum(ledger.orders, 1.0), overall)
    visits = population.rate * planted.WEEKDAY_TRAFFIC.mean() * active_days
    return np.where(alive, visits * probability * order[persona], 0.0)
