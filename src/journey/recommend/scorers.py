"""Scores of items for users: popularity, popularity by category, item-item cosine, and blends of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_matrix, diags

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints


def popularity_scores(counts: Floats, rows: int) -> Floats:
    """The same log(1 + count) of every item for each of `rows` users, (rows, items)."""
    return np.tile(np.log1p(np.asarray(counts, dtype=np.float64)), (rows, 1))


def category_popularity_scores(
    strength: csr_matrix, popularity: Floats, category: Ints, rows: Ints, *, prior: float
) -> Floats:
    """Popularity of an item times the user's share of contacts in its category.

    Parameters
    ----------
    strength
        (users, items) contacts.
    popularity
        (items,) non-negative counts.
    category
        (items,) number of the item's category, from 0.
    rows
        Users to score.
    prior
        Contacts at the shop's average mix of categories that every user is given in advance: the more, the
        nearer to plain popularity.

    Returns
    -------
    (rows, items) log of the estimated probability that the user's next choice is the item.

    Raises
    ------
    JourneyError
        When `prior` is 0 or less.
    """
    if prior <= 0:
        raise JourneyError(f"the prior of the category mix must be positive, got {prior}")
    n_items = len(category)
    member = csr_matrix((np.ones(n_items), (np.arange(n_items), category)))
    total = np.asarray(popularity @ member, dtype=np.float64)
    overall = (total + 1) / (total + 1).sum()
    own = np.asarray((strength[rows] @ member).todense(), dtype=np.float64)
    mix = (own + prior * overall) / (own.sum(axis=1, keepdims=True) + prior)
    within = (popularity + 0.5) / (total + 0.5 * np.bincount(category))[category]
    return np.log(mix)[:, category] + np.log(within)


def item_cosine(strength: csr_matrix, *, shrinkage: float) -> Floats:
    """Similarity of items by who had contact with them, shrunk when few users had contact with both.

    Parameters
    ----------
    strength
        (users, items) non-negative contacts.
    shrinkage
        Similarity is multiplied by n / (n + shrinkage), n users in common; 0 leaves the plain cosine.

    Returns
    -------
    (items, items), symmetric, diagonal 0: an item says nothing about itself. Source of the shrinkage: Bell &
    Koren 2007.

    Raises
    ------
    JourneyError
        When `shrinkage` is negative.
    """
    if shrinkage < 0:
        raise JourneyError(f"shrinkage must not be negative, got {shrinkage}")
    norms = np.sqrt(np.asarray(strength.multiply(strength).sum(axis=0), dtype=np.float64)).ravel()
    unit = strength @ diags(1 / np.where(norms > 0, norms, 1.0))
    cosine = np.asarray((unit.T @ unit).todense(), dtype=np.float64)
    present = csr_matrix((np.ones(strength.nnz), strength.indices, strength.indptr), shape=strength.shape)
    common = np.asarray((present.T @ present).todense(), dtype=np.float64)
    similar = cosine * np.divide(common, common + shrinkage, out=np.zeros_like(common), where=common > 0)
    np.fill_diagonal(similar, 0.0)
    return similar


def item_item_scores(strength: csr_matrix, similar: Floats, rows: Ints) -> Floats:
    """Similarity of every item to what the user had contact with, summed by strength, (rows, items)."""
    return np.asarray(strength[rows] @ similar, dtype=np.float64)


def standardised(scores: Floats) -> Floats:
    """Scores of each user with mean 0 and standard deviation 1; constant rows become 0."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)


def blend(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Weighted sum of standardised scores; parts of weight 0 may be absent.

    Raises
    ------
    JourneyError
        When a weighted part is missing or all weights are zero.
    """
    used = {name: weight for name, weight in weights.items() if weight}
    if not used or (missing := [name for name in used if name not in parts]):
        raise JourneyError(f"the blend lacks {', '.join(missing) if used else 'a positive weight'}")
    return weighted({name: standardised(parts[name]) for name in used}, used)


def weighted(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Weighted sum of scores that are on one scale; parts of weight 0 are not looked at."""
    total = sum(weight * parts[name] for name, weight in weights.items() if weight)
    return np.asarray(total, dtype=np.float64)
