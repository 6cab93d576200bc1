"""What each customer of the simulated shop will truly buy: expected value, and the chance to buy nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from journey.customers.forecast import judge
from journey.errors import JourneyError
from journey.evaluation.truth import read_truth, truth_folder
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap
from journey.stores.simulator import ShopParameters, planted
from journey.stores.simulator.catalogue import stock
from journey.stores.simulator.outlook import FUTURE_DAYS, Outlook
from journey.stores.simulator.parameters import DirtRates
from journey.stores.simulator.population import populate


@dataclass(frozen=True)
class Future:
    """What the given users will do in the days after the window; all (n,).

    Attributes
    ----------
    value, orders
        Expected net revenue, EUR, and expected orders.
    quiet
        Probability of no order.
    alive
        Whether the user has not left for good.
    leaving
        Chance to leave, per day.
    shape
        Of the gamma distribution that the worth of an order has around its mean, by its spread in the shop.
    days
        Length of the horizon.
    """

    value: Floats
    orders: Floats
    quiet: Floats
    alive: NDArray[np.bool_]
    leaving: Floats
    shape: Floats
    days: float


def customer_future(
    connection: duckdb.DuckDBPyConnection, store: Path, users: NDArray[Any], days: float
) -> Future:
    """The future of some users, from the simulator's own expectation.

    Notes
    -----
    The simulator writes the expected value of 90 days. Divided by what an order of the user is expected to be
    worth it gives orders; the chance of none follows from the rate of orders and the planted chance to leave.
    Orders are taken to be independent of each other, which they nearly are.

    Raises
    ------
    JourneyError
        When the truth is missing or of another run than the warehouse.
    """
    truth = read_truth(
        store, "users", ["user_id", "persona", "sessions_per_day", "churn_day", "future_value"]
    )
    level, window = _price_levels(store, truth["sessions_per_day"].to_numpy())
    truth["level"] = level
    sold = connection.execute("select user_id, net_revenue from marts.orders order by order_id").df()
    sold = sold.merge(truth[["user_id", "persona", "level"]], on="user_id")
    by_persona = sold.groupby("persona")[["net_revenue", "level"]].sum()
    order = (by_persona["net_revenue"] / by_persona["level"]).to_dict()
    relative = sold["net_revenue"] / sold["level"]
    by_order = relative.groupby(sold["persona"])
    spread = (by_order.mean() ** 2 / by_order.var()).to_dict()
    rows = truth.set_index("user_id").reindex(users)
    if rows["persona"].isna().any():
        raise JourneyError(
            f"{store}: the truth does not know {int(rows['persona'].isna().sum())} of {len(rows)} customers: "
            f"it is of another run than the warehouse; run `journey build`"
        )
    overall = sold["net_revenue"].sum() / sold["level"].sum()
    worth = rows["persona"].map(order).fillna(overall).to_numpy() * rows["level"].to_numpy()
    persona = rows["persona"].map({name: k for k, name in enumerate(planted.PERSONAS)}).to_numpy(np.int64)
    leaving = planted.CHURN_PER_DAY[persona]
    long, short = (-np.expm1(-leaving * span) / leaving for span in (FUTURE_DAYS, days))
    # Per day that the user stays.
    rate = rows["future_value"].to_numpy() / worth / long
    both = leaving + rate
    quiet = leaving / both * -np.expm1(-both * days) + np.exp(-both * days)
    return Future(
        value=rate * short * worth,
        orders=rate * short,
        quiet=quiet,
        alive=rows["churn_day"].to_numpy() > window,
        leaving=leaving,
        shape=rows["persona"].map(spread).fillna(1.0).to_numpy(),
        days=days,
    )


def _price_levels(store: Path, rates: Floats) -> tuple[Floats, int]:
    """Price level of the categories that each user likes, and the days of the window.

    Raises
    ------
    JourneyError
        When the parameters of the truth are missing or unreadable, or make users with other rates.
    """
    file = truth_folder(store) / "parameters.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))["parameters"]
        dirt, start = DirtRates(**values.pop("dirt")), date.fromisoformat(values.pop("start"))
        parameters = ShopParameters(dirt=dirt, start=start, **values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JourneyError(
            f"{file}: does not tell the shop ({error}); run `journey simulate` again"
        ) from error
    people = populate(parameters, stock(parameters))
    if len(rates) != len(people.rate) or not np.allclose(rates, people.rate, rtol=1e-5):
        raise JourneyError(f"{file}: another simulator made these users; run `journey simulate` again")
    return Outlook(parameters, people).price_level, parameters.days


def expected_area(quiet: ArrayLike, score: ArrayLike, *, replicates: int = 400, seed: int = 0) -> Estimate:
    """Area under the ROC curve that a score of leaving reaches on average over what may happen.

    Parameters
    ----------
    quiet
        (n,) true probabilities to buy nothing; as the score itself they give the ceiling.
    score
        (n,) scores; higher means likelier to buy nothing.
    """
    q, s = np.asarray(quiet, dtype=np.float64), np.asarray(score, dtype=np.float64)
    ranked = rank_outcomes(np.r_[np.ones(len(q)), np.zeros(len(q))], np.r_[s, s])

    def metrics(weights: Floats) -> dict[str, Floats]:
        return {
            "roc_auc": ranked.profile(np.concatenate([weights * q, weights * (1 - q)], axis=1))["roc_auc"]
        }

    return bootstrap(metrics, None, len(q), replicates=replicates, seed=seed)[0]["roc_auc"]


def drawn_futures(future: Future, draws: int, seed: int) -> Floats:
    """Money that each customer brings in possible futures; (draws, n).

    A future draws when the customer leaves, the orders until then, and the worth of each around its mean.
    """
    rng = np.random.default_rng(seed)
    n = len(future.value)
    stays = np.minimum(rng.exponential(1 / future.leaving, size=(draws, n)), future.days)
    short = -np.expm1(-future.leaving * future.days) / future.leaving
    orders = rng.poisson(future.orders / short * stays)
    worth = np.divide(future.value, future.orders, out=np.zeros(n), where=future.orders > 0)
    return rng.gamma(np.maximum(orders, 1e-12) * future.shape) / future.shape * (orders > 0) * worth


def best_forecast(futures: Floats, forecast: ArrayLike, level: float = 0.95) -> dict[str, Estimate]:
    """Measures of a forecast on average over possible futures, and the range in which most futures lie.

    Futures without any spend are left out.

    Raises
    ------
    JourneyError
        When nobody buys in any future, and as `judge`.
    """
    found = pd.DataFrame([judge(money, forecast) for money in futures if money.sum() > 0])
    if found.empty:
        raise JourneyError(f"in none of {len(futures)} futures does any customer buy; use a larger shop")
    tail = (1 - level) / 2
    return {
        str(name): Estimate(
            float(values.mean()), float(values.quantile(tail)), float(values.quantile(1 - tail)), level
        )
        for name, values in found.items()
    }
