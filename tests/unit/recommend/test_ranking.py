"""Ranking metrics against examples worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.recommend import catalogue_coverage, item_hits, novelty, ranking_metrics, top_items


def flags(*rows: str) -> np.ndarray:
    return np.array([[sign == "x" for sign in row] for row in rows])


def test_top_items_orders_by_score_and_breaks_ties_by_item_number() -> None:
    scores = np.array([[1.0, 3.0, 2.0, 3.0], [5.0, 5.0, 5.0, 5.0]])
    assert top_items(scores, 3).tolist() == [[1, 3, 2], [0, 1, 2]]


def test_tie_at_the_last_place_takes_the_lowest_number() -> None:
    assert top_items(np.array([[0.0, 2.0, 1.0, 1.0, 1.0]]), 2).tolist() == [[1, 2]]


def test_top_items_lists_only_what_is_allowed_and_pads() -> None:
    scores = np.array([[9.0, 8.0, 7.0]])
    assert top_items(scores, 5, flags(".xx")).tolist() == [[1, 2, -1, -1, -1]]
    assert top_items(scores, 2, np.array([False, False, True])).tolist() == [[2, -1]]


def test_top_items_agrees_with_a_stable_sort() -> None:
    scores = np.random.default_rng(4).integers(0, 6, size=(40, 30)).astype(float)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :7]
    assert (top_items(scores, 7) == expected).all()


@pytest.mark.parametrize(
    ("scores", "k", "named"),
    [(np.array([[np.nan, 1.0]]), 1, "missing"), (np.zeros(3), 1, "table"), (np.zeros((1, 2)), 0, "place")],
)
def test_top_items_refuses_bad_input(scores: np.ndarray, k: int, named: str) -> None:
    with pytest.raises(JourneyError, match=named):
        top_items(scores, k)


def test_metrics_of_a_hand_worked_list() -> None:
    # Items 2 and 4 are wanted; 4 is in second place, 2 is not listed.
    found = ranking_metrics(np.array([[0, 4, 1]]), flags("..x.x"))
    assert found.recall[0] == 0.5
    assert found.reciprocal_rank[0] == 0.5
    assert found.ndcg[0] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))


def test_perfect_list_has_ndcg_one_although_recall_is_capped_by_its_length() -> None:
    found = ranking_metrics(np.array([[0, 1]]), flags("xxxx"))
    assert found.ndcg[0] == pytest.approx(1.0)
    assert found.recall[0] == 0.5


def test_nothing_found_is_zero_and_nothing_to_find_is_missing() -> None:
    found = ranking_metrics(np.array([[0, 1], [0, 1]]), flags("..x", "..."))
    assert (found.recall[0], found.ndcg[0], found.reciprocal_rank[0]) == (0.0, 0.0, 0.0)
    assert np.isnan([found.recall[1], found.ndcg[1], found.reciprocal_rank[1]]).all()


def test_padding_never_hits() -> None:
    found = ranking_metrics(np.array([[-1, -1]]), flags("x.x"))
    assert found.recall[0] == 0.0
    assert found.reciprocal_rank[0] == 0.0


def test_metrics_need_the_same_users() -> None:
    with pytest.raises(JourneyError, match="2 lists"):
        ranking_metrics(np.array([[0], [1]]), flags("x."))


def test_item_hits_count_found_and_wanted() -> None:
    found, wanted = item_hits(np.array([[0, 1], [2, -1]]), flags("x.x", "x.x"))
    assert found.tolist() == [1, 0, 1]
    assert wanted.tolist() == [2, 0, 2]


def test_coverage_counts_candidates_in_any_list() -> None:
    candidates = np.array([True, True, True, True, False])
    assert catalogue_coverage(np.array([[0, 1], [1, -1]]), candidates) == 0.5
    with pytest.raises(JourneyError, match="candidate"):
        catalogue_coverage(np.array([[0]]), np.zeros(2, dtype=bool))


def test_novelty_is_the_mean_surprise_in_bits() -> None:
    known_by = np.array([0.5, 0.25, 0.0])
    assert novelty(np.array([[0, 1], [1, -1]]), known_by).tolist() == [1.5, 2.0]
    with pytest.raises(JourneyError, match="known to no user"):
        novelty(np.array([[2]]), known_by)


def test_a_list_that_holds_an_item_twice_is_refused():
    # Counted twice, one of one item to find would be a recall of 2.
    with pytest.raises(JourneyError, match="1 of 2 lists hold an item twice"):
        ranking_metrics(np.array([[1, 1], [-1, -1]]), flags("..x", ".x."))
    with pytest.raises(JourneyError, match="hold an item twice"):
        item_hits(np.array([[0, 2, 0]]), flags("x.."))
