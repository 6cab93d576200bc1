"""Published ranking metrics of recommendations."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from journey import recommend as engine
from journey.published.entry import EXACT, Allowance, Published, Source, Values

TOPIC = "Recommendations"
entry = partial(Published, TOPIC)

RECOMMENDERS = Source(
    "Recommenders (begun at Microsoft), tests of its metrics",
    "https://github.com/recommenders-team/recommenders/blob/main/tests/unit/recommenders/evaluation/"
    "test_python_evaluation.py",
)
CUT = Allowance(1e-5, "theirs are cut, not rounded, to five decimals")

#: Item numbers that each user chose, and the scored items.
CHOSEN = {1: [3, 1, 2], 2: [1, 4, 5, 6, 7], 3: [2, 5, 6, 8, 9, 10, 11, 12, 13, 14]}
SCORED = {
    1: {12: 12, 3: 14, 10: 13},
    2: {10: 14, 3: 13, 5: 12, 11: 11, 13: 10},
    3: {4: 14, 10: 13, 7: 12, 13: 11, 1: 10, 3: 9, 5: 8, 2: 7, 11: 6, 14: 5},
}
ITEMS, PLACES = 15, 10

#: Items of eight contacts, and lists of two for three users.
CONTACTS = (1, 2, 4, 3, 4, 3, 4, 5)
LISTS = ((3, 5), (2, 5), (1, 2))


def lists_and_choices() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and chosen items, (3 users, 15 items)."""
    scores, chosen = np.full((3, ITEMS), -np.inf), np.zeros((3, ITEMS), dtype=bool)
    for row, user in enumerate(CHOSEN):
        chosen[row, CHOSEN[user]] = True
        scores[row, list(SCORED[user])] = list(SCORED[user].values())
    return scores, chosen


def _ranking() -> Values:
    scores, chosen = lists_and_choices()
    found = engine.ranking_metrics(engine.top_items(scores, PLACES), chosen)
    # Hits over ten places, which recall and the number wanted give back.
    precision = found.recall * chosen.sum(axis=1) / PLACES
    return found.recall.mean(), found.ndcg.mean(), precision.mean()


def _contacts() -> NDArray[np.int64]:
    return np.bincount(CONTACTS, minlength=6)


def _novelty(lists: tuple[tuple[int, ...], ...]) -> Values:
    # Lists of one length: the mean over users is the mean over recommendations.
    return float(engine.novelty(np.array(lists), _contacts() / _contacts().sum()).mean())


ENTRIES = (
    entry(
        "ranking",
        "Ten places, three users: recall, NDCG, precision",
        RECOMMENDERS,
        ("0.37777", "0.38172", "0.26666"),
        _ranking,
        CUT,
    ),
    entry(
        "coverage",
        "Share of the catalogue that is shown",
        RECOMMENDERS,
        ("0.8",),
        lambda: engine.catalogue_coverage(np.array(LISTS), _contacts() > 0),
        EXACT,
    ),
    entry(
        "novelty",
        "Novelty of the lists, bits",
        RECOMMENDERS,
        ("2.83333",),
        lambda: _novelty(LISTS),
        CUT,
    ),
    entry(
        "novelty_item",
        "Novelty of the most popular item, bits",
        RECOMMENDERS,
        ("1.41504",),
        lambda: _novelty(((4,),)),
        CUT,
    ),
)
