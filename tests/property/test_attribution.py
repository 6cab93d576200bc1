"""Properties every attribution rule must have, on arbitrary journeys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from journey.journeys import RULES, attribute, paths_from_steps, touch_weights

CHANNELS = 4
journeys = st.lists(
    st.tuples(st.lists(st.integers(0, CHANNELS - 1), min_size=1, max_size=8), st.booleans()),
    min_size=1,
    max_size=25,
)


def unpack(rows):
    assume(any(flag for _, flag in rows))
    lengths = [len(path) for path, _ in rows]
    paths = paths_from_steps(
        np.repeat(np.arange(len(rows)), lengths),
        np.concatenate([path for path, _ in rows]),
        [f"c{i}" for i in range(CHANNELS)],
    )
    age = np.concatenate([np.arange(k)[::-1] * 1.5 for k in lengths])
    return paths, np.array([flag for _, flag in rows]), age


@settings(max_examples=60, deadline=None)
@given(journeys, st.sampled_from(RULES))
def test_credit_sums_to_the_conversions(rows, rule):
    paths, flags, age = unpack(rows)
    result = attribute(paths, flags, rule, age=age)
    assert (result.credit >= 0).all()
    assert result.credit.sum() == pytest.approx(flags.sum())
    assert result.share.sum() == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(journeys, st.sampled_from([r for r in RULES if r != "markov"]))
def test_weights_of_a_path_sum_to_one(rows, rule):
    paths, _, age = unpack(rows)
    sums = np.add.reduceat(touch_weights(paths, rule, age=age), paths.starts[:-1])
    assert sums == pytest.approx(np.ones(paths.n))


@settings(max_examples=60, deadline=None)
@given(journeys, st.sampled_from(RULES), st.randoms(use_true_random=False))
def test_order_of_journeys_does_not_matter(rows, rule, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, two = (attribute(*unpack(r)[:2], rule, age=unpack(r)[2]) for r in (rows, shuffled))
    assert two.share == pytest.approx(one.share)


@settings(max_examples=60, deadline=None)
@given(journeys, st.permutations(range(CHANNELS)), st.sampled_from(RULES))
def test_renaming_channels_renames_the_credit(rows, renaming, rule):
    paths, flags, age = unpack(rows)
    renamed = [([renaming[c] for c in path], flag) for path, flag in rows]
    one = attribute(paths, flags, rule, age=age)
    two = attribute(unpack(renamed)[0], flags, rule, age=age)
    assert two.share[list(renaming)] == pytest.approx(one.share)


@settings(max_examples=60, deadline=None)
@given(journeys, st.sampled_from(RULES))
def test_a_channel_never_seen_in_a_conversion_gets_nothing(rows, rule):
    paths, flags, age = unpack(rows)
    used = np.zeros(CHANNELS, bool)
    used[paths.states[np.repeat(flags, paths.lengths)]] = True
    if rule == "markov":
        # A channel can lead to converting channels in the chain without lying on a converting path.
        used[paths.states] = True
    assert attribute(paths, flags, rule, age=age).share[~used] == pytest.approx(0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, CHANNELS - 1), st.booleans()), min_size=1, max_size=40))
def test_all_rules_agree_on_single_touch_journeys(rows):
    paths, flags, age = unpack([([c], flag) for c, flag in rows])
    shares = [attribute(paths, flags, rule, age=age).share for rule in RULES]
    for share in shares[1:]:
        assert share == pytest.approx(shares[0])


@settings(max_examples=40, deadline=None)
@given(journeys, st.integers(2, 5), st.sampled_from(RULES))
def test_copying_every_journey_changes_no_share(rows, copies, rule):
    paths, flags, age = unpack(rows)
    many, many_flags, many_age = unpack(rows * copies)
    one = attribute(paths, flags, rule, age=age)
    two = attribute(many, many_flags, rule, age=many_age)
    assert two.share == pytest.approx(one.share)
