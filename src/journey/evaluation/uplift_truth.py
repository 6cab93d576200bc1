"""What rankings and policies of the free-shipping experiment are truly worth, from planted probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.evaluation.truth import read_truth, truth_file
from journey.inference.arrays import Floats, Ints
from journey.inference.estimate import Estimate
from journey.inference.intervals import normal_quantile
from journey.uplift.ranking import without_noise


def order_values(connection: duckdb.DuckDBPyConnection, store: Path) -> dict[str, Floats]:
    """Net revenue of every order by the buyer's persona, EUR, in order of `order_id`.

    Personas buy differently: those whom free shipping persuades fill smaller baskets than the average, so
    that one average for all would make the treatment look better than it is.

    Raises
    ------
    JourneyError
        When there is no order.
    """
    rows = connection.execute(
        "select users.persona, list(orders.net_revenue order by orders.order_id) from marts.orders as orders "
        "inner join read_parquet(?) as users on orders.user_id = users.user_id "
        "group by users.persona order by users.persona",
        [str(truth_file(store, "users"))],
    ).fetchall()
    if not rows:
        raise JourneyError(f"{store}: the warehouse holds 0 orders of its users; build both again")
    return {str(persona): np.asarray(values, dtype=float) for persona, values in rows}


def exposed_sessions(store: Path, users: pd.DataFrame) -> pd.DataFrame:
    """Sessions of `users` from their `exposed_at` on, by user and time, with both planted probabilities."""
    columns = ["user_id", "start_ts", "p_without_free_shipping", "p_with_free_shipping"]
    sessions = read_truth(store, "sessions", columns).merge(users[["user_id", "exposed_at"]], on="user_id")
    return sessions[sessions["start_ts"] >= sessions["exposed_at"]].sort_values(["user_id", "start_ts"])


def personas(store: Path) -> pd.DataFrame:
    """`user_id` and `persona` of every user."""
    return read_truth(store, "users", ["user_id", "persona"])


@dataclass(frozen=True)
class OrderWorth:
    """Mean net revenue of an order by persona, EUR, as far as the shop's own orders tell.

    Attributes
    ----------
    persona
        Place of each user in the other two, shape (n,).
    mean, error
        Mean and its standard error by persona, shape (k,).
    """

    persona: Ints
    mean: Floats
    error: Floats

    def of(self, rows: Ints) -> OrderWorth:
        """The same for some of the users."""
        return OrderWorth(self.persona[rows], self.mean, self.error)

    @property
    def by_user(self) -> Floats:
        """Mean of each user's persona, shape (n,)."""
        return self.mean[self.persona]

    def error_of(self, orders: Floats) -> float:
        """Standard error of the mean worth of some expected orders, EUR a user; `orders` has shape (n,)."""
        by_persona = np.bincount(self.persona, weights=orders, minlength=len(self.mean)) / len(orders)
        return float(np.sqrt(((by_persona * self.error) ** 2).sum()))


def order_worth(connection: duckdb.DuckDBPyConnection, store: Path, persona: ArrayLike) -> OrderWorth:
    """Worth of an order of each user's persona.

    Raises
    ------
    JourneyError
        When somebody's persona has fewer than two orders in the shop.
    """
    values = order_values(connection, store)
    names, place = np.unique(np.asarray(persona, dtype=str), return_inverse=True)
    for name in names:
        if len(values.get(name, ())) < 2:
            raise JourneyError(f"{store}: persona {name!r} has fewer than 2 orders; simulate a larger shop")
    return OrderWorth(
        persona=place,
        mean=np.array([values[name].mean() for name in names]),
        error=np.array([values[name].std(ddof=1) / np.sqrt(len(values[name])) for name in names]),
    )


def true_revenue(worth: OrderWorth, orders: Floats) -> Estimate:
    """True effect on net revenue a user, EUR, from the true effect on each user's purchases, shape (n,).

    The effects on purchases are planted; the interval says how well the shop's orders tell what one is worth.
    """
    value = float((worth.by_user * orders).mean())
    half = normal_quantile(0.95) * worth.error_of(orders)
    return Estimate(value, value - half, value + half, n=len(orders))


@dataclass(frozen=True)
class TrueRanking:
    """Qini coefficient, area under the uplift curve, and uplift among the top share of a ranking."""

    qini: float
    auuc: float
    top: float


def true_ranking(effect: Floats, score: Floats, share: float) -> TrueRanking:
    """The measures of `journey.uplift.curves` for known effects instead of outcomes.

    Parameters
    ----------
    effect
        True effect of each person, shape (n,).
    score
        Ranking, highest first, shape (n,). Equal scores enter with the mean effect of their group.
    share
        Share of people at the top.
    """
    _, group, count = np.unique(-without_noise(score), return_inverse=True, return_counts=True)
    people = np.r_[0, np.cumsum(count)] / len(score)
    gained = np.r_[0.0, np.cumsum(np.bincount(group, weights=effect))] / len(score)
    area = float(np.trapezoid(gained, people))
    return TrueRanking(
        qini=area - gained[-1] / 2, auuc=area, top=float(np.interp(share, people, gained)) / share
    )


def true_slope(effect: Floats, score: Floats) -> float:
    """Slope of the true effect on the score: 1 for a calibrated score, 0 when it finds nothing."""
    centred = score - score.mean()
    return float((centred * effect).mean() / (centred**2).mean())
