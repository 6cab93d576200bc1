"""Paths, transitions, path lengths and Sankey links on sequences small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.inference.intervals import wilson_interval
from journey.journeys import (
    collapse_repeats,
    path_lengths,
    paths_from_steps,
    sankey_links,
    transition_matrix,
)

LABELS = ("view", "cart", "buy")


def build(*sequences: list[int], labels: tuple[str, ...] = LABELS):
    ids = np.repeat(np.arange(len(sequences)) + 10, [len(s) for s in sequences])
    return paths_from_steps(ids, np.concatenate(sequences), labels)


def random_paths(rng: np.random.Generator, n: int = 500, states: int = 4):
    lengths = rng.integers(1, 9, n)
    codes = rng.integers(0, states, lengths.sum())
    return paths_from_steps(np.repeat(np.arange(n), lengths), codes, [f"s{i}" for i in range(states)])


def test_paths_from_steps_keeps_order_and_ids():
    paths = build([0, 1, 2], [0], [1, 1])
    assert paths.n == 3
    assert paths.lengths.tolist() == [3, 1, 2]
    assert paths.ids.tolist() == [10, 11, 12]
    assert paths.position_of_step.tolist() == [0, 1, 2, 0, 0, 1]


@pytest.mark.parametrize(
    ("ids", "states", "reason"),
    [
        ([1, 1], [0], "equally long"),
        ([], [], "no paths"),
        ([1], [7], "labels"),
        ([1, 2, 1], [0, 0, 0], "more than one block"),
    ],
)
def test_paths_refuse_bad_input(ids, states, reason):
    with pytest.raises(JourneyError, match=reason):
        paths_from_steps(ids, states, LABELS)


def test_collapse_repeats_keeps_path_borders():
    paths = collapse_repeats(build([0, 0, 1, 1, 0], [0, 0], [1]))
    assert paths.states.tolist() == [0, 1, 0, 0, 1]
    assert paths.lengths.tolist() == [3, 1, 1]


def test_transition_matrix_counts_by_hand():
    result = transition_matrix(build([0, 0, 1], [0, 1, 2], [1]))
    assert result.labels == ("view", "cart", "buy", "start", "end")
    expected = [[1, 2, 0, 0, 0], [0, 0, 1, 0, 2], [0, 0, 0, 0, 1], [2, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert result.counts.tolist() == expected
    assert result.probability[0, 1] == pytest.approx(2 / 3)
    assert np.isnan(result.probability[4]).all()
    low, high = wilson_interval(2, 3)
    assert result.low[0, 1] == pytest.approx(low)
    assert result.high[0, 1] == pytest.approx(high)


def test_transition_weights_equal_repeated_paths():
    once = transition_matrix(build([0, 1], [0, 2]), weights=[3, 1])
    repeated = transition_matrix(build([0, 1], [0, 1], [0, 1], [0, 2]))
    assert (once.counts == repeated.counts).all()


@pytest.mark.parametrize("weights", [[0.5, 1], [-1, 1], [np.nan, 1], [1]])
def test_transition_weights_that_are_no_counts_are_refused(weights):
    with pytest.raises(JourneyError, match="2 non-negative whole numbers"):
        transition_matrix(build([0, 1], [0, 2]), weights=weights)


def test_transition_matrix_recovers_a_known_chain():
    truth = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.25, 0.25, 0.5]])
    rng = np.random.default_rng(3)
    n, length = 4000, 8
    states = np.empty((n, length), dtype=np.int64)
    states[:, 0] = rng.integers(0, 3, n)
    for step in range(1, length):
        draw = rng.random(n)[:, None]
        states[:, step] = (draw > truth[states[:, step - 1]].cumsum(axis=1)).sum(axis=1)
    result = transition_matrix(
        paths_from_steps(np.repeat(np.arange(n), length), states.ravel(), "abc"), endpoints=False
    )
    assert result.counts.sum() == n * (length - 1)
    assert result.probability.sum(axis=1) == pytest.approx([1, 1, 1])
    assert (result.low <= truth).all()
    assert (truth <= result.high).all()


def test_wilson_matches_a_published_value():
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", Statistics in Medicine
    # 17:857-872, table I: 81/263 -> 0.2553 to 0.3662; 0/20 -> 0 to 0.1611; 15/148 -> 0.0624 to 0.1605.
    low, high = wilson_interval([81, 0, 15], [263, 20, 148])
    assert low == pytest.approx([0.2553, 0.0, 0.0624], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1611, 0.1605], abs=5e-5)


def test_path_lengths_by_hand():
    paths = build([0], [0, 1], [0, 1, 2], [0, 1, 2, 2], [0, 1])
    result = path_lengths(paths, [0, 1, 0, 1, 0], longest=3)
    assert result.length.tolist() == [1, 2, 3]
    assert result.n_paths.tolist() == [1, 2, 2]
    assert result.n_converted.tolist() == [0, 1, 1]
    assert result.mean == pytest.approx(12 / 5)
    assert result.mean_converted == pytest.approx(3.0)
    assert result.median_not_converted == pytest.approx(2.0)


def test_sankey_by_hand():
    paths = build([0, 1], [0, 1], [0, 1], [0], [0], [1, 0, 1])
    links = sankey_links(paths, [1, 1, 0, 0, 0, 0], ("leave", "purchase"), depth=2, top=2)
    assert links.top_paths == (("view", "cart", "purchase"), ("view", "leave"))
    assert links.top_counts.tolist() == [2, 2]
    assert links.top_share == pytest.approx(4 / 6)
    assert links.other_count == 2
    named = {
        (links.node_label[s], int(links.node_step[s]), links.node_label[t], int(links.node_step[t])): int(v)
        for s, t, v in zip(links.source, links.target, links.value, strict=True)
    }
    assert named == {
        ("view", 1, "cart", 2): 2,
        ("cart", 2, "purchase", 3): 2,
        ("view", 1, "leave", 3): 2,
        ("other", 1, "other", 2): 2,
        ("other", 2, "leave", 3): 1,
        ("other", 2, "continues", 3): 1,
    }


@pytest.mark.parametrize(("depth", "top"), [(1, 0), (3, 5), (5, 12), (20, 10_000)])
def test_sankey_conserves_totals(depth, top):
    rng = np.random.default_rng(depth)
    paths = random_paths(rng)
    outcome = rng.integers(0, 2, paths.n)
    links = sankey_links(paths, outcome, ("leave", "purchase"), depth=depth, top=top)
    size = len(links.node_label)
    inflow = np.bincount(links.target, weights=links.value, minlength=size)
    outflow = np.bincount(links.source, weights=links.value, minlength=size)
    first, last = links.node_step == 1, links.node_step == depth + 1
    assert outflow[first].sum() == paths.n
    assert inflow[last].sum() == paths.n
    assert (inflow[~first & ~last] == outflow[~first & ~last]).all()
    assert links.other_count + links.top_counts.sum() == paths.n
    assert len(links.top_paths) <= top
    bought = inflow[[name == "purchase" for name in links.node_label]].sum()
    assert bought == (outcome[paths.lengths <= depth] == 1).sum()


def test_sankey_does_not_depend_on_row_order():
    rng = np.random.default_rng(5)
    sequences = [rng.integers(0, 3, rng.integers(1, 5)).tolist() for _ in range(60)]
    outcome = rng.integers(0, 2, 60)
    order = rng.permutation(60)
    one = sankey_links(build(*sequences), outcome, ("no", "yes"), depth=3, top=4)
    two = sankey_links(build(*[sequences[i] for i in order]), outcome[order], ("no", "yes"), depth=3, top=4)
    assert one.top_paths == two.top_paths
    assert (one.value == two.value).all()


def test_sankey_refuses_unknown_outcome():
    with pytest.raises(JourneyError, match="Outcomes"):
        sankey_links(build([0], [1]), [0, 2], ("leave", "purchase"))
