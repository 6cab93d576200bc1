"""Alternating least squares for implicit feedback (Hu, Koren & Volinsky 2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from journey.errors import JourneyError
from journey.inference.arrays import Floats

#: users whose normal equations are held in memory at once
BLOCK = 4096


@dataclass(frozen=True)
class Factors:
    """Factors of users (users, rank) and items (items, rank); objective after each full sweep."""

    users: Floats
    items: Floats
    objective: tuple[float, ...]

    def scores(self, rows: NDArray[np.int64]) -> Floats:
        """Predicted preference of some users for all items, (rows, items)."""
        return np.asarray(self.users[rows] @ self.items.T, dtype=np.float64)


def fit_als(
    strength: csr_matrix,
    *,
    rank: int = 16,
    alpha: float = 10.0,
    regularisation: float = 10.0,
    sweeps: int = 10,
    seed: int = 0,
    trace: bool = False,
) -> Factors:
    """Factor a matrix of implicit feedback.

    Parameters
    ----------
    strength
        (users, items) non-negative strength r of the contact; the preference is p = 1 where r > 0, else 0,
        held with confidence c = 1 + alpha r.
    rank, alpha, regularisation
        Number of factors, weight of observed contacts, and ridge penalty.
    sweeps
        Times that users and items are solved in turn.
    seed
        Of the starting values.
    trace
        Also compute the objective after each sweep.

    Notes
    -----
    Minimises sum c (p - x.y)^2 + regularisation (|x|^2 + |y|^2) over all pairs, the unobserved too. With the
    items fixed the users' normal equations are Y'Y + Y'(C - 1)Y + penalty; the middle term of all users is
    one sparse product with the items' outer products, so there is no loop over users.

    Raises
    ------
    JourneyError
        For an empty matrix, a negative strength, or settings that are not positive.
    """
    strength = csr_matrix(strength, dtype=np.float64)
    strength.eliminate_zeros()
    if not strength.nnz or strength.data.min() < 0:
        raise JourneyError("factors need at least one contact, and no negative strength")
    if min(rank, alpha, regularisation, sweeps) <= 0:
        raise JourneyError("rank, alpha, regularisation and sweeps must be positive")
    generator = np.random.default_rng(seed)
    items = generator.normal(scale=0.1, size=(strength.shape[1], rank))
    by_item = csr_matrix(strength.T)
    users = np.zeros((strength.shape[0], rank))
    history = []
    for _ in range(sweeps):
        users = solve_side(strength, items, alpha, regularisation)
        items = solve_side(by_item, users, alpha, regularisation)
        if trace:
            history.append(als_objective(strength, users, items, alpha, regularisation))
    return Factors(users, items, tuple(history))


def solve_side(strength: csr_matrix, other: Floats, alpha: float, regularisation: float) -> Floats:
    """Best factors of one side while the other side, (columns, rank), stays fixed."""
    rank = other.shape[1]
    upper = np.triu_indices(rank)
    pairs = other[:, upper[0]] * other[:, upper[1]]
    base = other.T @ other + regularisation * np.eye(rank)
    solved = np.zeros((strength.shape[0], rank))
    for low in range(0, strength.shape[0], BLOCK):
        block = strength[low : low + BLOCK]
        extra = alpha * (block @ pairs)
        normal = np.empty((block.shape[0], rank, rank))
        normal[:, upper[0], upper[1]] = extra
        normal[:, upper[1], upper[0]] = extra
        normal += base
        certain = csr_matrix((1 + alpha * block.data, block.indices, block.indptr), shape=block.shape)
        solved[low : low + BLOCK] = np.linalg.solve(normal, (certain @ other)[:, :, None])[:, :, 0]
    return solved


def als_objective(
    strength: csr_matrix, users: Floats, items: Floats, alpha: float, regularisation: float
) -> float:
    """Value of the objective over all pairs; the unobserved ones come from the Gram matrices."""
    entries = strength.tocoo()
    predicted = np.einsum("nf,nf->n", users[entries.row], items[entries.col])
    confidence = 1 + alpha * entries.data
    everywhere = float(np.sum((users.T @ users) * (items.T @ items)))
    observed = float(np.sum(confidence * (1 - predicted) ** 2 - predicted**2))
    return everywhere + observed + regularisation * float((users**2).sum() + (items**2).sum())
