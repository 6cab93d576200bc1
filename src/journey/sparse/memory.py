"""A model that memorises: a tree grown until every training row is told apart from every other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from journey.inference.arrays import Flags
from journey.sparse.learning import Sample
from journey.sparse.pairs import Pairs


def memorise(
    pairs: Pairs, sample: Sample, outcome: Flags, test: Pairs, *, seed: int
) -> tuple[float, NDArray[np.float32]]:
    """Learn who, what and when by heart.

    Parameters
    ----------
    pairs, sample, outcome
        Sessions, rows to learn from and whether each came true.
    test
        Sessions to score.

    Returns
    -------
    float, (sessions, items)
        Average precision on the rows it learned from, and its scores of all pairs of the test sessions.
    """
    rows = identities(pairs, sample.row, sample.item)
    tree = DecisionTreeClassifier(random_state=seed)
    tree.fit(rows, outcome, sample_weight=sample.weight)
    learned = tree.predict_proba(rows)[:, 1]
    scores = np.empty((len(test.places), len(test.shop.items)), dtype=np.float32)
    for row, item in test.batches():
        found = tree.predict_proba(identities(test, row, item))[:, 1]
        scores[row[0] : row[-1] + 1] = found.reshape(-1, scores.shape[1])
    return float(average_precision_score(outcome, learned, sample_weight=sample.weight)), scores


def identities(pairs: Pairs, row: NDArray[np.int64], item: NDArray[np.int64]) -> NDArray[np.float32]:
    """User number, item number and session of each pair: enough to know every row by name, (n, 3)."""
    place = pairs.places[row]
    user = np.unique(pairs.shop.frame.user_id, return_inverse=True)[1]
    return np.column_stack([user[place], item, place]).astype(np.float32)
