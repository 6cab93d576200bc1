"""Few positives: row weights, and oversampling, which belongs inside the training rows or nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.labels import checked_labels


def balanced_weights(outcome: NDArray[np.bool_]) -> Floats:
    """Row weights under which both classes weigh the same and all rows as much as before; (n,).

    Raises
    ------
    JourneyError
        As `checked_labels`, and when a class has no rows.
    """
    outcome = checked_labels(outcome)
    positives = int(outcome.sum())
    if not 0 < positives < len(outcome):
        raise JourneyError(f"weights need both classes, got {positives} of {len(outcome)} positive")
    return np.where(outcome, len(outcome) / (2 * positives), len(outcome) / (2 * (len(outcome) - positives)))


def smote(
    matrix: Floats, outcome: NDArray[np.bool_], *, neighbours: int = 5, seed: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Add made-up positives until both classes have as many rows.

    Each lies at a random place on the line from a positive row to one of its nearest positive rows, distances
    taken on standardised features.

    Parameters
    ----------
    matrix, outcome
        (n, k) features and (n,) outcomes; positives are the smaller class and at least two.

    Returns
    -------
    (m, k) features and (m,) outcomes
        The given rows first, then the made-up ones.

    Raises
    ------
    JourneyError
        As `checked_labels`, and when positives are fewer than two or more than negatives.

    Notes
    -----
    Chawla et al. (2002). Made before a split, neighbours of test rows end up in training: see
    `journey.models.resampling`.
    """
    outcome = checked_labels(outcome)
    rows = matrix[outcome]
    missing = len(outcome) - 2 * len(rows)
    if len(rows) < 2 or missing < 0:
        raise JourneyError(
            f"SMOTE needs at least two positives, fewer than negatives; got {len(rows)} of {len(outcome)}"
        )
    rng = np.random.default_rng(seed)
    scale = matrix.std(axis=0)
    scaled = rows / np.where(scale > 0, scale, 1.0)
    nearest = NearestNeighbors(n_neighbors=min(neighbours, len(rows) - 1) + 1).fit(scaled)
    others = nearest.kneighbors(scaled, return_distance=False)[:, 1:]
    start = rng.integers(len(rows), size=missing)
    end = others[start, rng.integers(others.shape[1], size=missing)]
    made = rows[start] + rng.random((missing, 1)) * (rows[end] - rows[start])
    return np.vstack([matrix, made]), np.r_[outcome, np.ones(missing, dtype=bool)]


def oversample(matrix: Floats, outcome: NDArray[np.bool_], *, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Repeat random positives until both classes have as many rows; the given rows come first.

    Raises
    ------
    JourneyError
        As `checked_labels`, and when there are no positives or more than negatives.
    """
    outcome = checked_labels(outcome)
    positives = np.flatnonzero(outcome)
    missing = len(outcome) - 2 * len(positives)
    if len(positives) == 0 or missing < 0:
        raise JourneyError(f"oversampling needs some positives, fewer than negatives; got {len(positives)}")
    again = np.random.default_rng(seed).choice(positives, size=missing)
    return np.vstack([matrix, matrix[again]]), np.r_[outcome, np.ones(missing, dtype=bool)]


def settle_flags(matrix: Floats, given: int, flags: Sequence[int], *, seed: int) -> Floats:
    """Make the flags of made-up rows yes or no again: a value of 0.3 becomes 1 with probability 0.3.

    SMOTE leaves flags between 0 and 1, which no customer has. Rounding them, or taking the majority of the
    neighbours, changes how many have the flag; a draw keeps that share on average.

    Parameters
    ----------
    matrix
        (m, k) rows of `smote`; the first `given` of them are real and stay as they are.
    flags
        Columns that hold only 0 and 1 among the real rows.

    Raises
    ------
    JourneyError
        When a flag has another value among the real rows.
    """
    settled = matrix.copy()
    columns = list(flags)
    real = matrix[:given, columns]
    if not np.isin(real, (0.0, 1.0)).all():
        raise JourneyError(f"a column named as a flag has values other than 0 and 1 in {given:,} rows")
    made = matrix[given:, columns]
    settled[given:, columns] = np.random.default_rng(seed).random(made.shape) < made
    return settled
