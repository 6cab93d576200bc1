"""Users of a large shop's free-shipping experiment, whose outcomes can be drawn again as often as wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np

from journey.errors import JourneyError
from journey.evaluation.uplift_truth import exposed_sessions, order_values, personas
from journey.inference.arrays import Floats, Ints
from journey.uplift.trial import ShippingTrial, shipping_covariates
from journey.warehouse.query import query


@dataclass(frozen=True)
class Prices:
    """Gross margin as a share of revenue, and the cost of shipping an order, EUR."""

    margin: float
    shipping: float


@dataclass(frozen=True)
class Population:
    """Exposed users of a shop and the planted probabilities of their sessions from exposure on.

    Attributes
    ----------
    user_id, covariates
        Shape (n,) and (n, p), ascending by user.
    persona
        Place in `values`, shape (n,).
    values
        Net revenue of the orders of each persona, EUR.
    first
        Start of each user's sessions in `without` and `given`, shape (n + 1,).
    without, given
        Probability of each session to buy without and with free shipping, shape (sessions,).
    trial
        The experiment as it happened in the shop.
    prices
        What an order costs and brings.
    """

    user_id: Ints
    covariates: Floats
    persona: Ints
    values: tuple[Floats, ...]
    first: Ints
    without: Floats
    given: Floats
    trial: ShippingTrial
    prices: Prices

    def __len__(self) -> int:
        return len(self.user_id)

    @cached_property
    def owner(self) -> Ints:
        """User of each session, shape (sessions,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    def per_user(self, values: Floats) -> Floats:
        """Sum of a number of each session by user, shape (n,)."""
        return np.bincount(self.owner, weights=values, minlength=len(self)).astype(float)

    @cached_property
    def conversion(self) -> Floats:
        """True effect on the probability of at least one purchase, shape (n,)."""
        none_without, none_given = (np.exp(self.per_user(np.log1p(-p))) for p in (self.without, self.given))
        return np.asarray(none_without - none_given)

    @cached_property
    def cost(self) -> Floats:
        """Expected cost of treating each user, EUR, shape (n,): shipping of all orders, caused or not."""
        return self.prices.shipping * self.per_user(self.given)

    @cached_property
    def profit(self) -> Floats:
        """Expected profit of treating each user, EUR, shape (n,)."""
        worth = np.array([values.mean() for values in self.values])[self.persona]
        return self.prices.margin * worth * self.per_user(self.given - self.without) - self.cost

    def draw(self, rows: Ints, rng: np.random.Generator) -> ShippingTrial:
        """Assign some users at random again and let them buy by the planted probabilities.

        A session buys with the probability it had in the shop; an order is worth as much as one drawn from
        all orders of the user's persona.
        """
        n = len(rows)
        treated = rng.random(n) < 0.5
        number = self.first[rows + 1] - self.first[rows]
        owner = np.repeat(np.arange(n), number)
        before = np.cumsum(number) - number
        session = np.arange(len(owner)) + np.repeat(self.first[rows] - before, number)
        chance = np.where(treated[owner], self.given[session], self.without[session])
        buyer = owner[rng.random(len(owner)) < chance]
        revenue = np.empty(len(buyer))
        kind = self.persona[rows[buyer]]
        for place, values in enumerate(self.values):
            mine = kind == place
            revenue[mine] = rng.choice(values, int(mine.sum()))
        orders = np.bincount(buyer, minlength=n).astype(float)
        return ShippingTrial(
            covariates=self.covariates[rows],
            treated=treated.astype(float),
            bought=(orders > 0).astype(float),
            margin=self.prices.margin * np.bincount(buyer, weights=revenue, minlength=n).astype(float),
            shipping=self.prices.shipping * orders,
        )


def load_population(connection: duckdb.DuckDBPyConnection, store: Path, prices: Prices) -> Population:
    """Read the experiment of a simulated shop and its truth.

    Raises
    ------
    JourneyError
        When a user of the experiment is missing in the truth.
    """
    users = query("exposure_covariates", connection)
    outcomes = query("experiment_users", connection)
    outcomes = outcomes[outcomes["experiment"].eq("free_shipping")]
    users = users.merge(
        outcomes[["user_id", "exposed_at", "converted", "orders", "revenue"]], on="user_id"
    ).sort_values("user_id", ignore_index=True)
    user_id = users["user_id"].to_numpy(dtype=np.int64)

    sessions = exposed_sessions(store, users)
    owner = np.searchsorted(user_id, sessions["user_id"].to_numpy())
    people = users[["user_id"]].merge(personas(store), on="user_id", how="left")
    values = order_values(connection, store)
    if unknown := int((~people["persona"].isin(values)).sum()):
        raise JourneyError(
            f"{store}: {unknown} of {len(people)} users have no truth, or nobody of their persona ever "
            f"bought; build a larger shop again"
        )
    persona = np.searchsorted(sorted(values), people["persona"].to_numpy(dtype=str))
    covariates = shipping_covariates(users)
    return Population(
        user_id=user_id,
        covariates=covariates,
        persona=persona,
        values=tuple(values[name] for name in sorted(values)),
        first=np.searchsorted(owner, np.arange(len(user_id) + 1)),
        without=sessions["p_without_free_shipping"].to_numpy(dtype=float),
        given=sessions["p_with_free_shipping"].to_numpy(dtype=float),
        trial=ShippingTrial(
            covariates=covariates,
            treated=users["treated"].to_numpy(dtype=float),
            bought=users["converted"].to_numpy(dtype=float),
            margin=prices.margin * users["revenue"].to_numpy(dtype=float),
            shipping=prices.shipping * users["orders"].to_numpy(dtype=float),
        ),
        prices=prices,
    )
