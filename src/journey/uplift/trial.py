"""The free-shipping experiment as arrays, and the rankings that decide in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journey.causal.study import FloatArray, IntArray
from journey.uplift.learners import Learner, UpliftScores
from journey.uplift.sequential import SequentialScores, rank_within

COUNTS = (
    "days_since_signup",
    "sessions_before",
    "views_before",
    "searches_before",
    "carts_before",
    "abandoned_before",
    "orders_before",
    "revenue_before",
)
CATEGORIES = ("country", "age_band", "device_preference", "acquisition_channel", "channel", "device")
#: Learner and base model that decides; fixed before looking at any result of this shop.
MAIN: tuple[Learner, str] = ("DR", "XGBoost")
#: Share of users that a ranking treats; fixed before looking at any result of this shop.
POLICY_SHARE = 0.3


@dataclass(frozen=True)
class ShippingTrial:
    """The experiment, one row a user, all arrays of one length.

    Attributes
    ----------
    covariates
        What was known at exposure, shape (n, p).
    treated, bought
        1.0 or 0.0, shape (n,).
    margin
        Margin of the purchases after exposure, before shipping, EUR, shape (n,).
    shipping
        What shipping of these purchases costs when it is given away, EUR, shape (n,).
    """

    covariates: FloatArray
    treated: FloatArray
    bought: FloatArray
    margin: FloatArray
    shipping: FloatArray

    def of(self, rows: IntArray) -> ShippingTrial:
        """The same experiment with some of the users."""
        return ShippingTrial(
            self.covariates[rows],
            self.treated[rows],
            self.bought[rows],
            self.margin[rows],
            self.shipping[rows],
        )


def shipping_covariates(users: pd.DataFrame) -> FloatArray:
    """Covariates of the query `exposure_covariates` as numbers, shape (n, p).

    Counts as logarithms, categories as indicators of all levels but the first.
    """
    columns = [np.log1p(users[name].clip(lower=0).to_numpy(dtype=float)) for name in COUNTS]
    columns.append(users["discount_pct"].to_numpy(dtype=float))
    columns.append(users["hour_of_day"].between(18, 23).to_numpy(dtype=float))
    for name in CATEGORIES:
        levels = sorted(users[name].unique())[1:]
        columns.extend(users[name].eq(level).to_numpy(dtype=float) for level in levels)
    return np.column_stack(columns)


@dataclass(frozen=True)
class MoneyScale:
    """What turns predicted purchases into money: margin of a buyer, shipping of a treated buyer, EUR."""

    margin_per_buyer: float
    shipping_per_buyer: float

    @classmethod
    def of(cls, trial: ShippingTrial) -> MoneyScale:
        """Averages of a trial; 0 where an arm has no buyers."""
        treated = trial.treated == 1
        buyers = [max(1.0, float(trial.bought[arm].sum())) for arm in (~treated, treated)]
        return cls(
            float(trial.margin[~treated].sum()) / buyers[0], float(trial.shipping[treated].sum()) / buyers[1]
        )

    def profit(self, effect: FloatArray, treated_mean: FloatArray) -> FloatArray:
        """Predicted profit of treating: margin of purchases caused minus shipping of all of them, EUR."""
        bought = np.clip(treated_mean, 0, 1)
        return np.asarray(effect * self.margin_per_buyer - bought * self.shipping_per_buyer)


def cross_fitted_profit(trial: ShippingTrial, scores: UpliftScores) -> FloatArray:
    """Predicted profit of treating each user, by cross-fitted scores, EUR, shape (n,)."""
    return MoneyScale.of(trial).profit(scores.effect, scores.treated_mean)


@dataclass(frozen=True)
class Rankings:
    """What decides whom to treat, as places between 0 and 1 within each fold, shape (m,).

    By predicted uplift, by predicted profit of treating, and by the predicted probability to buy anyway.
    """

    uplift: FloatArray
    profit: FloatArray
    response: FloatArray


def rankings(trial: ShippingTrial, scores: SequentialScores) -> Rankings:
    """Rank the scored users of a trial; the money too is known only from earlier folds."""
    fold = scores.fold[scores.rows]
    profit = np.empty(len(scores.rows))
    for place in np.unique(fold):
        mine = fold == place
        scale = MoneyScale.of(trial.of(np.flatnonzero(scores.fold < place)))
        profit[mine] = scale.profit(scores.effect[mine], scores.treated_mean[mine])
    return Rankings(
        uplift=scores.ranking,
        profit=rank_within(profit, fold),
        response=rank_within(scores.control_mean, fold),
    )
