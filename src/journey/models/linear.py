"""Logistic regression on transformed, standardised features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.labels import checked_labels

LARGE = 10.0  # a feature that goes beyond this is a count, a time or money, and takes a logarithm
HALF_LIVES = (2.0, 7.0)  # days
CYCLES = {"hour": 24.0, "weekday": 7.0}


@dataclass(frozen=True)
class Design:
    """From features to the columns of a linear model, fitted on the training rows.

    Attributes
    ----------
    names
        Features, in the order of the matrix.
    logged
        (k,) features that go in as sign(x) log(1 + abs(x)).
    decays
        Whether times since something also go in as exponential decays, and hours and weekdays as circles.
    centre, scale
        Mean and standard deviation of each column of the design on the training rows.
    """

    names: tuple[str, ...]
    logged: NDArray[np.bool_]
    decays: bool
    centre: Floats
    scale: Floats

    def columns(self, matrix: Floats) -> Floats:
        """Standardised columns of an (n, k) matrix of features."""
        return (expand(matrix, self.names, self.logged, self.decays) - self.centre) / self.scale


@dataclass(frozen=True)
class Linear:
    """A fitted logistic regression.

    Attributes
    ----------
    design
        Transformations.
    intercept, coefficients
        In log-odds, per standard deviation of a column.
    strength
        Inverse of the ridge penalty (scikit-learn's C).
    """

    design: Design
    intercept: float
    coefficients: Floats
    strength: float

    def predict(self, matrix: Floats) -> Floats:
        """Probabilities of the rows of an (n, k) matrix of features."""
        return 1.0 / (1.0 + np.exp(-(self.intercept + self.design.columns(matrix) @ self.coefficients)))


def expand(matrix: Floats, names: Sequence[str], logged: NDArray[np.bool_], decays: bool) -> Floats:
    """Columns of the design before standardisation.

    Raises
    ------
    JourneyError
        For a matrix without one column per name.
    """
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise JourneyError(f"the matrix has shape {matrix.shape} but the model has {len(names)} features")
    columns = [np.where(logged, np.sign(matrix) * np.log1p(np.abs(matrix)), matrix)]
    if decays:
        for place, name in enumerate(names):
            values = matrix[:, [place]]
            if name.startswith("days_since"):
                columns.extend(np.exp2(-values / half_life) for half_life in HALF_LIVES)
            elif name in CYCLES:
                angle = 2 * np.pi * values / CYCLES[name]
                columns.extend([np.sin(angle), np.cos(angle)])
    return np.concatenate(columns, axis=1)


def fit_linear(
    matrix: Floats,
    outcome: NDArray[np.bool_],
    names: Sequence[str],
    *,
    strength: float,
    decays: bool = False,
    weight: Floats | None = None,
) -> Linear:
    """Fit a ridge-penalised logistic regression.

    Parameters
    ----------
    matrix
        (n, k) finite features.
    outcome
        (n,) booleans.
    names
        Names of the k features.
    strength
        Inverse of the penalty; columns are standardised, so one number serves all.
    decays
        See `Design`.
    weight
        (n,) row weights; none when omitted.

    Raises
    ------
    JourneyError
        When shapes differ, an outcome is not 0 or 1, or only one class is present.

    Notes
    -----
    A column without variance stays in with a scale of one and a coefficient of zero.
    """
    if len(matrix) != len(outcome):
        raise JourneyError(f"there are {len(matrix):,} rows of features and {len(outcome):,} outcomes")
    labels = checked_labels(outcome)
    if labels.all() or not labels.any():
        raise JourneyError(f"a model needs both classes, got {int(labels.sum())} of {len(labels)} positive")
    logged = np.abs(matrix).max(axis=0) > LARGE
    columns = expand(matrix, names, logged, decays)
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    scale = np.where(scale > 1e-12, scale, 1.0)
    design = Design(tuple(names), logged, decays, centre, scale)
    fitted = LogisticRegression(C=strength, max_iter=1000).fit(
        (columns - centre) / scale, labels, sample_weight=weight
    )
    return Linear(design, float(fitted.intercept_[0]), fitted.coef_[0].astype(np.float64), strength)
