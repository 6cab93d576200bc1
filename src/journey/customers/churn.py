"""Who leaves? Without a contract a customer has left who buys nothing for a stated time.

At risk is who bought within that same time before; customers long gone would make any score look good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from journey.customers.history import FEATURES, FLAGS, Knowledge, Known, known_at
from journey.customers.summary import PurchaseDays, follow
from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.models.boosting import Setting, fit_boosting
from journey.models.imbalance import balanced_weights, settle_flags, smote
from journey.models.linear import fit_linear

Mask = NDArray[np.bool_]
Predictor = Callable[[Floats], Floats]
Kind = Literal["logistic", "XGBoost"]
Way = Literal["none", "weights", "SMOTE"]

KINDS: tuple[Kind, ...] = ("logistic", "XGBoost")
WAYS: tuple[Way, ...] = ("none", "weights", "SMOTE")
HORIZON = 90
#: Fixed beforehand, not tuned on any period.
STRENGTH, SETTING = 0.1, Setting(rounds=120)


@dataclass(frozen=True)
class AtRisk:
    """Customers at risk on some days, and what they did next; all (n,) or (n, k).

    Attributes
    ----------
    customer, matrix
        Identifiers, and features of `history.FEATURES`.
    left
        Whether nothing was bought in the horizon.
    money
        Spent in the horizon.
    """

    customer: NDArray[Any]
    matrix: Floats
    left: Mask
    money: Floats

    def __len__(self) -> int:
        return len(self.customer)


def at_risk(known: Known, later: PurchaseDays, horizon: int = HORIZON) -> AtRisk:
    """Label customers by what they do in the `horizon` days after `known.at`.

    Parameters
    ----------
    known
        Features of the customers who count.
    later
        Purchases, those of the horizon among them.
    """
    orders, money = follow(later, known.customer, known.at, known.at + horizon)
    return AtRisk(known.customer, known.matrix, orders == 0, money)


def snapshots(known: Knowledge, later: PurchaseDays, ends: Sequence[int], horizon: int = HORIZON) -> AtRisk:
    """Customers at risk at the end of several days, below each other; a customer may occur several times.

    Parameters
    ----------
    known
        From a day to the purchases known at its end.
    later
        Purchases that tell what they did next.

    Raises
    ------
    JourneyError
        When there is no day, or nobody is at risk on any of them.
    """
    parts = [at_risk(known_at(known(end), end, within=horizon), later, horizon) for end in ends]
    if not sum(map(len, parts)):
        raise JourneyError(
            f"nobody bought within {horizon} days before any of {len(ends)} days; use other days or more data"
        )
    return AtRisk(
        np.concatenate([part.customer for part in parts]),
        np.concatenate([part.matrix for part in parts]),
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.money for part in parts]),
    )


def fit_churn(rows: AtRisk, kind: Kind, way: Way, *, seed: int = 0) -> Predictor:
    """Fit a model of leaving; gives a function from features to probabilities.

    Parameters
    ----------
    way
        What is done about unequal classes: nothing, weights that make them equal, or made-up rows of the
        smaller one (their flags settled, see `imbalance.settle_flags`). Only these rows are changed, never
        those that are scored.

    Raises
    ------
    JourneyError
        When everyone or nobody left.
    """
    matrix, left, weight = rows.matrix, rows.left, None
    if left.all() or not left.any():
        raise JourneyError(
            f"{int(left.sum()):,} of {len(left):,} customers left: a model needs some who do and some who do "
            f"not; use another horizon"
        )
    if way == "weights":
        weight = balanced_weights(left)
    elif way == "SMOTE":
        matrix, left = oversampled(matrix, left, seed=seed)
    if kind == "logistic":
        return fit_linear(matrix, left, FEATURES, strength=STRENGTH, weight=weight).predict
    return fit_boosting(matrix, left, FEATURES, SETTING, seed=seed, weight=weight).predict


def oversampled(matrix: Floats, left: Mask, *, seed: int) -> tuple[Floats, Mask]:
    """SMOTE of the smaller class, whichever it is, with flags settled."""
    smaller = left if left.mean() <= 0.5 else ~left
    more, member = smote(matrix, smaller, seed=seed)
    flags = [FEATURES.index(name) for name in FLAGS]
    settled = settle_flags(more, len(matrix), flags, seed=seed)
    return settled, member if smaller is left else ~member
