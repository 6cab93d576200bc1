"""Boosted trees that predict what each customer will spend, and the plain rule that nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from journey.customers.history import FEATURES, Knowledge, known_at
from journey.customers.summary import PurchaseDays, follow
from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.models.boosting import THREADS

#: Fixed beforehand, not tuned on any period. Tweedie: many zeros, and the spread grows with the mean.
SETTING = {
    "objective": "reg:tweedie",
    "tweedie_variance_power": 1.5,
    "max_depth": 3,
    "min_child_weight": 15.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_lambda": 10.0,
    "learning_rate": 0.05,
    "tree_method": "hist",
    "max_bin": 64,
    "nthread": THREADS,
}
ROUNDS = 200
YEAR = 364  # whole weeks, so that weekdays match


def fit_spend(matrix: Floats, money: Floats, *, seed: int = 0) -> Callable[[Floats], Floats]:
    """Fit boosted trees to money of a horizon; gives a function from features to expected money.

    Raises
    ------
    JourneyError
        For negative money, or no spend at all.
    """
    if (money < 0).any() or not (money > 0).any():
        raise JourneyError(
            f"spend to learn from must not be negative and not all zero: {int((money < 0).sum())} of "
            f"{len(money):,} negative, {int((money > 0).sum())} positive"
        )
    rows = xgb.DMatrix(matrix, label=money, feature_names=list(FEATURES), nthread=THREADS)
    booster = xgb.train(SETTING | {"seed": seed}, rows, ROUNDS)

    def predict(new: Floats) -> Floats:
        asked = xgb.DMatrix(new, feature_names=list(FEATURES), nthread=THREADS)
        return booster.predict(asked).astype(np.float64)

    return predict


def learn_spend(
    known: Knowledge, later: PurchaseDays, ends: Sequence[int], horizon: int, *, seed: int = 0
) -> Callable[[Floats], Floats]:
    """Fit to what customers spent in the `horizon` days after each of several days.

    Parameters
    ----------
    known
        From a day to the purchases known at its end.
    later
        Purchases that tell what they spent next.

    Raises
    ------
    JourneyError
        When there is no day to learn from, and as `fit_spend`.
    """
    if not ends:
        raise JourneyError(f"no day is left whose next {horizon} days are known; use a longer history")
    matrices, spent = [], []
    for end in ends:
        seen = known_at(known(end), end)
        matrices.append(seen.matrix)
        spent.append(follow(later, seen.customer, end, end + horizon)[1])
    return fit_spend(np.concatenate(matrices), np.concatenate(spent), seed=seed)


def same_again(days: PurchaseDays, customers: NDArray[Any], at: int, horizon: int) -> tuple[Floats, bool]:
    """Forecast that customers spend what they spent in the same weeks a year ago, or, failing that, just now.

    Returns
    -------
    (n,), bool
        Money, and whether the data reach back a full year before the horizon.
    """
    a_year_ago = int(days.day.min()) <= at - YEAR
    after = at - YEAR if a_year_ago else at - horizon
    return follow(days, customers, after, after + horizon)[1], a_year_ago
