"""What each user is worth in the 90 days after the window: an expectation, not a draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from journey.inference.arrays import Floats
from journey.stores.simulator import planted
from journey.stores.simulator.day import Day
from journey.stores.simulator.parameters import ShopParameters
from journey.stores.simulator.population import DAY_US, Population

FUTURE_DAYS = 90
_PERSONAS = len(planted.PERSONAS)


class Outlook:
    """Sums over the sessions of the window from which the future value is worked out.

    The future is taken to go on as the last three weeks do (channel mix, season), after the experiments.
    Value = expected sessions x purchase probability x expected order:

    - sessions: the user's rate, times the persona's visits per unit of rate (returns after abandoned carts),
      times the expected active days, the day of leaving being unknown;
    - probability: the user's baseline plus a persona's line in the log of the rate (frequent visitors are
      warmer), averaged over the spread of the sessions around that line;
    - order: the persona's mean, scaled by the prices of the categories that the user prefers.
    """

    def __init__(self, parameters: ShopParameters, population: Population) -> None:
        self.parameters, self.population = parameters, population
        weight = population.category_weight
        self.price_level = (weight @ np.exp(planted.CATEGORY_PRICE) / weight.sum(axis=1)).astype(np.float64)
        self.log_rate = np.log(np.maximum(population.rate, 1e-6)).astype(np.float64)
        self.visits = np.zeros(_PERSONAS)
        self.moments = np.zeros((5, _PERSONAS))  # sums of x, y, xx, xy, yy
        self.revenue = np.zeros(_PERSONAS)
        self.sold_level = np.zeros(_PERSONAS)

    def add(self, day: Day, number: int) -> None:
        """Count the sessions of a day."""
        users = day.sessions.user
        persona = self.population.persona[users].astype(np.int64)
        self.revenue += _by(persona, day.revenue)
        self.sold_level += _by(persona, day.bought * self.price_level[users])
        if number < self.parameters.drift_day:
            return
        # The session in which a user signs up does not come again.
        again = self.population.join_us[users] // DAY_US < number
        users, persona = users[again], persona[again]
        treated = self.population.variants[users, 0]
        x = self.log_rate[users]
        y = day.sessions.log_odds[again] - self.population.baseline[users]
        y = y - planted.FREE_SHIPPING[persona] * treated
        self.visits += _by(persona, np.ones(len(users)))
        self.moments += np.stack([_by(persona, values) for values in (x, y, x * x, x * y, y * y)])

    def future_value(self) -> Floats:
        """Expected net revenue per user, EUR; (users,)."""
        persona = self.population.persona.astype(np.int64)
        alive = (self.population.churn_day > self.parameters.days) & ~self.population.bot
        hazard = planted.CHURN_PER_DAY[persona]
        active_days = -np.expm1(-hazard * FUTURE_DAYS) / hazard
        visits = self.population.rate * self._visits_per_rate()[persona] * active_days
        order = _ratio(self.revenue, self.sold_level)[persona] * self.price_level
        return np.where(alive, visits * self._probability(persona) * order, 0.0)

    def _probability(self, persona: NDArray[np.int64]) -> Floats:
        mean_x, mean_y, xx, xy, yy = self.moments / np.maximum(self.visits, 1.0)
        spread_x = np.maximum(xx - mean_x**2, 1e-12)
        slope = np.where(self.visits > 30, (xy - mean_x * mean_y) / spread_x, 0.0)
        rest = np.sqrt(np.maximum(yy - mean_y**2 - slope**2 * spread_x, 0.0))
        # The line holds where sessions are; nobody is colder than a user three standard deviations below.
        x = np.clip(self.log_rate - mean_x[persona], -3 * np.sqrt(spread_x)[persona], None)
        centre = self.population.baseline + mean_y[persona] + slope[persona] * x
        nodes, weights = np.polynomial.hermite_e.hermegauss(9)
        probability = np.zeros(len(persona))
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            probability += weight * expit(centre + rest[persona] * node)
        return probability

    def _visits_per_rate(self) -> Floats:
        """Sessions per unit of rate and day in the last weeks, by persona."""
        first, last = self.parameters.drift_day, self.parameters.days
        come = np.maximum(self.population.join_us // DAY_US + 1, first)
        stayed = np.clip(np.minimum(self.population.churn_day, last) - come, 0, None)
        stayed = np.where(self.population.bot, 0, stayed)
        return _ratio(self.visits, _by(self.population.persona, stayed * self.population.rate))


def _by(persona: NDArray[np.integer], values: NDArray[Any]) -> Floats:
    return np.bincount(persona, values, _PERSONAS).astype(np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Ratio by persona; the overall one where a persona is absent."""
    overall = part.sum() / whole.sum() if whole.sum() > 0 else 0.0
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), overall)
