"""Segments: what is planted is found, an even square is one group, degenerate behaviour is said."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from journey.customers.choice import choose_number, gap_statistic, stability
from journey.customers.profiles import name_segments
from journey.customers.segments import gaussian_mixture, k_means, ordered, standardise
from journey.errors import JourneyError


def clouds(centres: int = 4, size: int = 60, spread: float = 0.3, seed: int = 1):
    rng = np.random.default_rng(seed)
    middle = np.array([[0, 0], [4, 0], [0, 4], [4, 4], [8, 8]])[:centres]
    kind = np.repeat(np.arange(centres), size)
    return middle[kind] + rng.normal(0, spread, (centres * size, 2)), kind


def test_planted_clouds_are_found_by_both_methods_and_all_criteria():
    points, kind = clouds()
    assert adjusted_rand_score(kind, k_means(points, 4).labels) == 1
    assert adjusted_rand_score(kind, gaussian_mixture(points, 4)[0].labels) == 1
    found = choose_number(points, largest=6)
    assert (found.by_silhouette, found.by_gap, found.chosen) == (4, 4, 4)
    assert found.stability[3] > 0.99
    bic = [gaussian_mixture(points, k)[1] for k in (2, 3, 4, 5)]
    assert np.argmin(bic) == 2


@pytest.mark.parametrize("seed", range(5))
def test_an_even_square_is_one_group_by_the_rule_of_2001(seed):
    points = np.random.default_rng(seed).uniform(0, 1, (400, 2))
    assert gap_statistic(points, largest=6, seed=seed).chosen == 1


def test_the_reference_box_has_the_range_of_each_column():
    points, _ = clouds()
    wide = points * [1, 1000]
    # Two far clouds in one column and an even spread in the other: the box follows each column.
    found = gap_statistic(np.column_stack([wide[:, 1], wide[:, 0]]), largest=3)
    assert found.gap[1] > found.gap[0]


def test_the_largest_gap_is_not_the_rule():
    points, _ = clouds(3, spread=0.9, seed=4)
    found = gap_statistic(points, largest=8, references=20)
    enough = found.gap[:-1] >= found.gap[1:] - found.error[1:]
    assert found.chosen == found.k[np.argmax(enough)]
    assert found.settled


def test_one_cloud_is_not_stable_in_three():
    points, _ = clouds(1, size=300, spread=1.0)
    assert stability(points, 3).mean < 0.8 < stability(clouds(3)[0], 3).mean


def test_segments_are_numbered_by_size_and_described():
    points = np.array([[0.0], [1.0], [5.0], [5.0], [5.0]])
    found = ordered(points, [7, 7, 2, 2, 2])
    assert found.labels.tolist() == [1, 1, 0, 0, 0]
    assert found.sizes.tolist() == [3, 2]
    assert found.centres.ravel().tolist() == [5.0, 0.5]
    assert found.within == pytest.approx(0.5)
    assert found.nearest(np.array([[4.0], [2.0]])).tolist() == [0, 1]
    assert found.k == 2


def test_equal_seeds_give_equal_segments():
    points, _ = clouds(spread=1.5)
    assert (k_means(points, 3, seed=4).labels == k_means(points, 3, seed=4).labels).all()


def test_standardised_columns_and_those_that_say_nothing():
    found = standardise([[1.0, 5.0, 0.1], [3.0, 5.0, 0.1]], ["a", "b", "c"])
    assert found.points.tolist() == [[-1.0], [1.0]]
    assert (found.names, found.left_out) == (("a",), ("b", "c"))
    assert found.place([[5.0, 9.0, 9.0]]).tolist() == [[3.0]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1.0, 2.0], [1.0, 2.0]], "behave the same"),
        ([[1.0, np.nan], [1.0, 2.0]], "'b' is not finite"),
        (np.empty((0, 2)), "no customer"),
        ([[1.0], [2.0]], "2 names were given"),
    ],
)
def test_behaviour_that_cannot_be_segmented(values, words):
    with pytest.raises(JourneyError, match=words):
        standardise(values, ["a", "b"])


def test_more_segments_than_different_customers():
    points = np.repeat([[0.0], [1.0]], 20, axis=0)
    for method in (k_means, gaussian_mixture):
        with pytest.raises(JourneyError, match="3 segments cannot be made of 40 customers, 2 of them"):
            method(points, 3)
    with pytest.raises(JourneyError, match="different customers"):
        gap_statistic(points, largest=3)
    with pytest.raises(JourneyError, match="too few"):
        stability(points, 2, resamples=1)


WORDS = {"visits": ("rare", "frequent"), "carts": ("empty carts", "full carts"), "pace": ("fast", "slow")}


def test_names_come_from_what_sets_a_segment_apart():
    centres = np.array([[0.1, 1.2, -0.3], [-0.9, -0.1, 0.2], [0.0, 0.1, 0.2]])
    names = name_segments(centres, ["visits", "carts", "pace"], WORDS)
    assert names == ("full carts, fast", "rare", "average")


def test_equal_traits_get_a_third_or_a_number():
    centres = np.array([[1.0, 2.0, 0.5], [1.0, 2.0, -0.5]])
    names = name_segments(centres, ["visits", "carts", "pace"], WORDS)
    assert names == ("full carts, frequent, slow", "full carts, frequent, fast")
    same = name_segments(centres[[0, 0]], ["visits", "carts", "pace"], WORDS)
    assert len(set(same)) == 2
    with pytest.raises(JourneyError, match="'depth' has no words"):
        name_segments(centres, ["visits", "carts", "depth"], WORDS)
