"""Ranking metrics against the test suite of Recommenders, the library begun at Microsoft.

Data and expected numbers: github.com/recommenders-team/recommenders, tests/unit/recommenders/evaluation,
conftest.py and test_python_evaluation.py. It states five digits and cuts rather than rounds them.
"""

from __future__ import annotations

import numpy as np
import pytest

from journey.recommend import catalogue_coverage, novelty, ranking_metrics, top_items

CUT = 1e-5

# Item numbers that each user chose, and the scored items.
CHOSEN = {1: [3, 1, 2], 2: [1, 4, 5, 6, 7], 3: [2, 5, 6, 8, 9, 10, 11, 12, 13, 14]}
SCORED = {
    1: {12: 12, 3: 14, 10: 13},
    2: {10: 14, 3: 13, 5: 12, 11: 11, 13: 10},
    3: {4: 14, 10: 13, 7: 12, 13: 11, 1: 10, 3: 9, 5: 8, 2: 7, 11: 6, 14: 5},
}
ITEMS = 15


@pytest.fixture
def case() -> tuple[np.ndarray, np.ndarray]:
    scores, relevant = np.full((3, ITEMS), -np.inf), np.zeros((3, ITEMS), dtype=bool)
    for row, user in enumerate(CHOSEN):
        relevant[row, CHOSEN[user]] = True
        scores[row, list(SCORED[user])] = list(SCORED[user].values())
    return scores, relevant


def test_recall_and_ndcg(case: tuple[np.ndarray, np.ndarray]) -> None:
    """recall_at_k 0.37777, ndcg_at_k 0.38172 at k = 10; its logarithm is natural, which the ratio cancels."""
    scores, relevant = case
    found = ranking_metrics(top_items(scores, 10), relevant)
    assert found.recall.mean() == pytest.approx(0.37777, abs=CUT)
    assert found.ndcg.mean() == pytest.approx(0.38172, abs=CUT)


def test_precision_from_the_same_lists(case: tuple[np.ndarray, np.ndarray]) -> None:
    """precision_at_k 0.26666: hits over ten places, which recall and the number wanted give back."""
    scores, relevant = case
    hits = ranking_metrics(top_items(scores, 10), relevant).recall * relevant.sum(axis=1)
    assert (hits / 10).mean() == pytest.approx(0.26666, abs=CUT)


def test_perfect_and_empty_lists(case: tuple[np.ndarray, np.ndarray]) -> None:
    _, relevant = case
    perfect = ranking_metrics(top_items(np.where(relevant, 1.0, -np.inf), 10), relevant)
    assert (perfect.recall.mean(), perfect.ndcg.mean()) == (1.0, pytest.approx(1.0))
    nothing = ranking_metrics(top_items(np.where(relevant, -np.inf, 1.0), 5), relevant)
    assert (nothing.recall.mean(), nothing.ndcg.mean()) == (0.0, 0.0)


def test_coverage_and_novelty() -> None:
    """catalog_coverage 0.8, novelty 2.83333 bits and 1.41504 for item 4, from 8 contacts with 5 items."""
    contacts = np.bincount([1, 2, 4, 3, 4, 3, 4, 5], minlength=6)
    lists = np.array([[3, 5], [2, 5], [1, 2]])
    assert catalogue_coverage(lists, contacts > 0) == pytest.approx(0.8)
    share = contacts / contacts.sum()
    # Lists of one length: the mean over users is its mean over recommendations.
    assert novelty(lists, share).mean() == pytest.approx(2.83333, abs=CUT)
    assert novelty(np.array([[4]]), share)[0] == pytest.approx(1.41504, abs=CUT)
