"""Do segments find the planted kinds of customers, and how well could anybody?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from journey.customers.agreement import adjusted_rand, cross_table
from journey.errors import JourneyError
from journey.evaluation.truth import read_truth
from journey.inference.arrays import Floats

FOLDS = 5


@dataclass(frozen=True)
class Agreement:
    """Segments against personas.

    Attributes
    ----------
    rand
        Adjusted Rand index: 1 for the same groups, 0 for chance.
    low, high, level
        Its bootstrap interval over customers.
    counts
        Customers by segment (rows) and persona (columns).
    n
        Customers.
    """

    rand: float
    low: float
    high: float
    level: float
    counts: pd.DataFrame
    n: int


def true_personas(store: Path, user_ids: ArrayLike) -> NDArray[np.str_]:
    """Planted persona of each user.

    Raises
    ------
    JourneyError
        When the store has no truth, or it lacks a user.
    """
    wanted = np.asarray(user_ids, dtype=np.int64)
    known = read_truth(store, "users", ["user_id", "persona"]).set_index("user_id")["persona"]
    if len(missing := np.setdiff1d(wanted, known.index)):
        raise JourneyError(f"{store}: the truth knows no user {missing[0]} ({len(missing)} are missing)")
    return known.loc[wanted].to_numpy(dtype=np.str_)


def compare_with_personas(
    labels: ArrayLike, personas: ArrayLike, *, n_boot: int = 1000, seed: int = 0, level: float = 0.95
) -> Agreement:
    """Adjusted Rand index with a bootstrap over customers, and the cross table.

    Raises
    ------
    JourneyError
        For no customers.
    """
    table = cross_table(labels, personas)
    segments, kinds = (
        pd.Index(np.unique(labels), name="segment"),
        pd.Index(np.unique(personas), name="persona"),
    )
    n = int(table.sum())
    rng = np.random.default_rng(seed)
    # Drawing customers with replacement draws cells of the table.
    draws = rng.multinomial(n, table.ravel() / n, n_boot).reshape(n_boot, *table.shape)
    value = float(adjusted_rand(table[None])[0])
    tail = 50 * (1 - level)
    low, high = np.percentile(adjusted_rand(draws), [tail, 100 - tail])
    return Agreement(
        value,
        min(float(low), value),
        max(float(high), value),
        level,
        pd.DataFrame(table, segments, kinds),
        n,
    )


def told_personas(points: Floats, personas: NDArray[np.str_], *, seed: int = 0) -> NDArray[np.str_]:
    """Persona of each customer as a classifier tells it that learned from the labels of other customers.

    Multinomial logistic regression on the features and their products, out of fold: what the same features
    can give when somebody tells the kinds, which no method without labels is expected to pass.

    Raises
    ------
    JourneyError
        When a persona has fewer customers than there are folds.
    """
    _, counts = np.unique(personas, return_counts=True)
    if counts.min() < FOLDS:
        raise JourneyError(f"a persona has {counts.min()} customers of {len(personas):,}: too few for folds")
    model = make_pipeline(PolynomialFeatures(2), StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return np.asarray(cross_val_predict(model, points, personas, cv=folds)).astype(np.str_)
