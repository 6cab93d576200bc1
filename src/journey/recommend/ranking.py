"""Ranked lists and how good they are: recall, NDCG, reciprocal rank, coverage, novelty.

All functions are pure. A list holds item numbers, best first, and is padded with -1 when a user has fewer
candidates than places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Floats, Ints
from journey.inference.labels import checked_labels


@dataclass(frozen=True)
class RankingMetrics:
    """Quality of one list a user, (users,) each; NaN where the user has nothing to find.

    Attributes
    ----------
    recall
        Share of the user's relevant items that are in the list.
    ndcg
        Discounted cumulative gain with binary relevance and discount 1 / log2(place + 1), over that of the
        best possible list of the same length (Järvelin & Kekäläinen 2002).
    reciprocal_rank
        One over the place of the first relevant item; 0 when none is in the list.
    """

    recall: Floats
    ndcg: Floats
    reciprocal_rank: Floats


def top_items(scores: Floats, k: int, allowed: Flags | None = None) -> Ints:
    """Give the `k` best items of every user.

    Parameters
    ----------
    scores
        (users, items); NaN is an error.
    k
        Length of the lists, at least 1.
    allowed
        (users, items) or (items,): items that may be listed; all when omitted.

    Returns
    -------
    (users, k) item numbers, best first. Equal scores stand in order of item number, so that a list does not
    depend on the sorting algorithm. Places that no allowed item fills hold -1.

    Raises
    ------
    JourneyError
        For scores that are not a table or not numbers, or k below 1.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or np.isnan(scores).any():
        raise JourneyError("scores to rank must be a table of users by items without missing values")
    if k < 1:
        raise JourneyError(f"a list needs at least one place, got {k}")
    users, items = scores.shape
    masked = scores if allowed is None else np.where(allowed, scores, -np.inf)
    places = min(k, items)
    limit = np.partition(masked, items - places, axis=1)[:, items - places, None]
    above = masked > limit
    tied = masked == limit
    room = places - above.sum(axis=1, keepdims=True)
    chosen = above | (tied & (np.cumsum(tied, axis=1) <= room))
    columns = np.nonzero(chosen)[1].reshape(users, places)
    values = np.take_along_axis(masked, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    lists = np.full((users, k), -1, dtype=np.int64)
    best = np.take_along_axis(columns, order, axis=1)
    lists[:, :places] = np.where(np.isneginf(np.take_along_axis(values, order, axis=1)), -1, best)
    return lists


def ranking_metrics(lists: Ints, relevant: Flags) -> RankingMetrics:
    """Score lists against what each user went on to choose.

    Parameters
    ----------
    lists
        (users, k) item numbers from `top_items`.
    relevant
        (users, items) whether the item is one to find.

    Raises
    ------
    JourneyError
        When lists and relevance are of different users, or a list holds an item twice.
    """
    if lists.ndim != 2 or relevant.ndim != 2 or len(lists) != len(relevant):
        raise JourneyError(f"{len(lists)} lists cannot be scored against {len(relevant)} users")
    hits = _hits(lists, relevant)
    places = lists.shape[1]
    wanted = relevant.sum(axis=1)
    discount = 1 / np.log2(np.arange(places) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(wanted, places)]
    first = np.argmax(hits, axis=1)
    reciprocal = np.where(hits.any(axis=1), 1 / (first + 1), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits.sum(axis=1) / wanted
        ndcg = (hits * discount).sum(axis=1) / ideal
    return RankingMetrics(recall, ndcg, np.where(wanted > 0, reciprocal, np.nan))


def item_hits(lists: Ints, relevant: Flags) -> tuple[Ints, Ints]:
    """Count by item how often it was found and how often it was there to be found, (items,) each."""
    hits = _hits(lists, relevant)
    found = np.bincount(lists[hits], minlength=relevant.shape[1])
    return found.astype(np.int64), relevant.sum(axis=0).astype(np.int64)


def catalogue_coverage(lists: Ints, candidates: Flags) -> float:
    """Share of the candidate items, (items,), that stand in at least one list.

    Raises
    ------
    JourneyError
        When no item is a candidate.
    """
    if not candidates.any():
        raise JourneyError("coverage needs at least one candidate item")
    listed = np.zeros(len(candidates), dtype=np.bool_)
    listed[lists[lists >= 0]] = True
    return float((listed & candidates).sum() / candidates.sum())


def novelty(lists: Ints, known_by: Floats) -> Floats:
    """Mean surprise of each list in bits, -log2 of the share of users who know the item.

    Parameters
    ----------
    known_by
        (items,) share of users with any contact, above 0 for every listed item.

    Returns
    -------
    (users,); NaN for an empty list. Source: Castells, Hurley & Vargas 2015, "self-information".

    Raises
    ------
    JourneyError
        When a listed item is known to no user.
    """
    filled = lists >= 0
    share = np.where(filled, known_by[np.maximum(lists, 0)], 1.0)
    if (share <= 0).any():
        raise JourneyError("a listed item is known to no user: it was no candidate")
    with np.errstate(invalid="ignore", divide="ignore"):
        return -np.log2(share).sum(axis=1) / filled.sum(axis=1)


def _hits(lists: Ints, relevant: Flags) -> Flags:
    ordered = np.sort(lists, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    if twice.any():
        raise JourneyError(f"{int(twice.sum())} of {len(lists)} lists hold an item twice; list it once")
    found = np.take_along_axis(checked_labels(relevant, "Relevance"), np.maximum(lists, 0), axis=1)
    return np.asarray(found & (lists >= 0), dtype=np.bool_)
