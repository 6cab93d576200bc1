"""Collaborative filtering that a shop could have had: fitted again every week, on what was known by then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_matrix, diags

from journey.inference.arrays import Ints
from journey.recommend.als import fit_als, solve_side
from journey.recommend.scorers import item_cosine
from journey.sparse.history import History
from journey.sparse.shop import PairShop

Floats = NDArray[np.float32]
WEEK = 7
RANK, ALPHA, REGULARISATION, SWEEPS = 16, 5.0, 10.0, 6
SHRINKAGE = 10.0
SEED = 7
DIGITS = 4


@dataclass(frozen=True)
class Similar:
    """What other users' contacts say about sessions and items; (sessions, items) each, zero when unknown.

    Attributes
    ----------
    factors
        Predicted preference by alternating least squares, with the user's factors solved anew from the
        history at the start of the session.
    neighbours
        Sum of the cosine similarities between the item and the items of the history.
    embedding
        Cosine between the item's vector and the mean vector of the history.
    latest
        The same with the vector of the item touched last.
    """

    factors: Floats
    neighbours: Floats
    embedding: Floats
    latest: Floats


def weekly_similar(shop: PairShop, places: Ints, past: History) -> Similar:
    """Score sessions with the last fit before each.

    Parameters
    ----------
    places
        (n,) sessions to score.
    past
        Their history.

    Notes
    -----
    A fit uses the contacts of all sessions before the first day of the week; in the first week there is none.
    """
    shape = (len(places), len(shop.items))
    found = Similar(*(np.zeros(shape, dtype=np.float32) for _ in range(4)))
    strength = past.strength
    latest = latest_items(past)
    for rows, known in weeks(shop, places):
        fit = known_strength(shop, known)
        if not fit.nnz:
            continue
        damped = csr_matrix((np.log1p(fit.data), fit.indices, fit.indptr), shape=fit.shape)
        item_factors = fit_als(
            damped, rank=RANK, alpha=ALPHA, regularisation=REGULARISATION, sweeps=SWEEPS, seed=SEED
        ).items
        own = strength[rows]
        found.factors[rows] = solve_side(own, item_factors, ALPHA, REGULARISATION) @ item_factors.T
        found.neighbours[rows] = own @ item_cosine(damped, shrinkage=SHRINKAGE)
        vectors = item_vectors(shop, known)
        mean = unit(own @ vectors)
        found.embedding[rows] = mean @ vectors.T
        seen = latest[rows]
        found.latest[rows[seen >= 0]] = vectors[seen[seen >= 0]] @ vectors.T
    for name in ("factors", "neighbours", "embedding", "latest"):
        # So that the last bits of a matrix product, which depend on the machine, cannot move a split.
        np.round(getattr(found, name), DIGITS, out=getattr(found, name))
    return found


def weeks(shop: PairShop, places: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Rows of each week and the sessions before it: (rows of `places`, places of earlier sessions)."""
    week = shop.day // WEEK
    for number in np.unique(week[places]):
        yield np.flatnonzero(week[places] == number), np.flatnonzero(week < number)


def known_strength(shop: PairShop, sessions: Ints) -> csr_matrix:
    """(users, items) weighted contacts of some sessions; users in no particular order."""
    contacts = shop.contacts
    chosen = np.zeros(len(shop.frame), dtype=np.bool_)
    chosen[sessions] = True
    mine = chosen[contacts.session]
    users, row = np.unique(shop.frame.user_id[contacts.session[mine]], return_inverse=True)
    shape = (len(users), len(shop.items))
    return csr_matrix((contacts.strength()[mine], (row, contacts.item[mine])), shape=shape)


def item_vectors(shop: PairShop, sessions: Ints) -> NDArray[np.float64]:
    """Embedding of each item, (items, RANK), of length one: items met in the same sessions lie close.

    Notes
    -----
    Leading eigenvectors of the positive pointwise mutual information of items within a session, weighted by
    the root of the eigenvalues: about what word2vec with negative sampling factorises (Levy & Goldberg 2014).
    """
    contacts = shop.contacts
    chosen = np.zeros(len(shop.frame), dtype=np.bool_)
    chosen[sessions] = True
    mine = chosen[contacts.session]
    shape = (len(shop.frame), len(shop.items))
    met = csr_matrix((np.ones(mine.sum()), (contacts.session[mine], contacts.item[mine])), shape=shape)
    together = met.T @ met
    together = csr_matrix(together - diags(together.diagonal())).toarray()
    total = max(1.0, together.sum())
    share = np.maximum(together.sum(axis=0), 1e-12) / total
    with np.errstate(divide="ignore"):
        information = np.log(together / total) - np.log(share[:, None] * share)
    number = len(information)
    rank = min(RANK, number)
    size, axes = eigh(np.maximum(information, 0.0), subset_by_index=[number - rank, number - 1])
    return unit(axes * np.sqrt(np.maximum(size, 0.0)))


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows scaled to length one; rows of zeros stay, and so do rows of nothing but rounding errors."""
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    known = size > 1e-6 * max(1.0, float(size.max(initial=0.0)))
    return np.divide(rows, size, out=np.zeros_like(rows), where=known)


def latest_items(past: History) -> Ints:
    """Item touched last before each session, -1 without history; ties go to the lower item."""
    latest = np.full(past.rows, -1, dtype=np.int64)
    order = np.lexsort((-past.item, -past.days, past.row))
    latest[past.row[order]] = past.item[order]  # the last entry of a row wins
    return latest
