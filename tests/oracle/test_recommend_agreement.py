"""Ranking metrics at their ends, on the lists of the test suite of Recommenders.

Its numbers are in `journey.published.recommend`; test_published.py goes through them.
"""

from __future__ import annotations

import numpy as np
import pytest

from journey.published.recommend import lists_and_choices
from journey.recommend import ranking_metrics, top_items


def test_perfect_and_empty_lists() -> None:
    _, relevant = lists_and_choices()
    perfect = ranking_metrics(top_items(np.where(relevant, 1.0, -np.inf), 10), relevant)
    assert (perfect.recall.mean(), perfect.ndcg.mean()) == (1.0, pytest.approx(1.0))
    nothing = ranking_metrics(top_items(np.where(relevant, -np.inf, 1.0), 5), relevant)
    assert (nothing.recall.mean(), nothing.ndcg.mean()) == (0.0, 0.0)
