"""Attribution rules and the Markov removal effect where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.journeys import RULES, attribute, further, misallocation, paths_from_steps, touch_weights
from journey.journeys.markov import conversion_probability, count_moves


def build(sequences: list[list[int]], channels: int = 3):
    ids = np.repeat(np.arange(len(sequences)), [len(s) for s in sequences])
    return paths_from_steps(ids, np.concatenate(sequences), [f"c{i}" for i in range(channels)])


def test_removal_effect_matches_a_published_example():
    # Puzyrov (2019), "Markov Chain Attribution: simple explanation of removal effect", serhiipuzyrov.com:
    # google > conv (2), mailing > conv (1), google > mailing > conv (1), google > null (1): conversion 0.8,
    # without google 0.2, without mailing 0.4; hence effects 0.75 and 0.5.
    paths = build([[0], [0], [1], [0, 1], [0]], channels=2)
    result = attribute(paths, [1, 1, 1, 1, 0], "markov")
    assert result.removal_effect == pytest.approx([0.75, 0.5], abs=1e-12)
    assert result.share == pytest.approx([0.6, 0.4], abs=1e-12)
    assert result.credit == pytest.approx([2.4, 1.6], abs=1e-12)
    flags = np.array([1, 1, 1, 1, 0], bool)
    moves = count_moves(paths, flags, np.arange(5), 5).total()[None]
    assert conversion_probability(moves) == pytest.approx([0.8])


def test_conversion_probability_of_the_chain_is_the_conversion_rate():
    # A first-order chain fitted to paths reproduces the share of paths that convert exactly.
    rng = np.random.default_rng(0)
    sequences = [rng.integers(0, 4, rng.integers(1, 7)).tolist() for _ in range(300)]
    flags = rng.random(300) < 0.2
    paths = build(sequences, 4)
    moves = count_moves(paths, flags, np.arange(300), 300).total()[None]
    assert conversion_probability(moves) == pytest.approx([flags.mean()])


def test_markov_recovers_the_removal_effects_of_a_known_chain():
    # Channels 0..2, exact effects from the generating chain by matrix algebra, estimated from 40,000 paths.
    within = np.array([[0.1, 0.3, 0.1], [0.2, 0.0, 0.3], [0.0, 0.2, 0.2]])
    to_conversion = np.array([0.05, 0.10, 0.20])
    start = np.array([0.5, 0.3, 0.2])

    def probability(allowed: np.ndarray) -> float:
        q = within * allowed[None, :]
        return float((start * allowed) @ np.linalg.solve(np.eye(3) - q, to_conversion))

    whole = probability(np.ones(3))
    effect = np.array([1 - probability(1.0 - np.eye(3)[c]) / whole for c in range(3)])
    truth = effect / effect.sum()
    rng = np.random.default_rng(1)
    chain = np.column_stack([within, to_conversion, 1 - within.sum(axis=1) - to_conversion])
    n = 40_000
    state = rng.choice(3, n, p=start)
    alive = np.arange(n)
    ids, codes, converted = [], [], np.zeros(n, bool)
    while len(alive):
        ids.append(alive)
        codes.append(state)
        state = (rng.random(len(alive))[:, None] > chain[state].cumsum(axis=1)).sum(axis=1)
        converted[alive[state == 3]] = True
        alive, state = alive[state < 3], state[state < 3]
    step_ids, step_codes = np.concatenate(ids), np.concatenate(codes)
    order = np.argsort(step_ids, kind="stable")
    paths = paths_from_steps(step_ids[order], step_codes[order], "abc")
    result = attribute(paths, converted, "markov", n_boot=200, seed=2)
    assert result.share == pytest.approx(truth, abs=0.01)
    assert (result.low < truth).all()
    assert (truth < result.high).all()


def test_rules_by_hand():
    paths = build([[0, 1, 2, 1], [2], [1, 0]])
    converted = [1, 0, 1]
    assert attribute(paths, converted, "first_touch").credit.tolist() == [1, 1, 0]
    assert attribute(paths, converted, "last_touch").credit.tolist() == [1, 1, 0]
    assert attribute(paths, converted, "linear").credit == pytest.approx([0.75, 1.0, 0.25])
    assert attribute(paths, converted, "position_based").credit == pytest.approx([0.9, 1.0, 0.1])
    valued = attribute(paths, converted, "last_touch", value=[30.0, 99.0, 10.0])
    assert valued.credit.tolist() == [10, 30, 0]
    assert valued.total == 40


def test_time_decay_halves_per_half_life():
    paths = build([[0, 1, 2]])
    weights = touch_weights(paths, "time_decay", age=[14.0, 7.0, 0.0], half_life=7.0)
    assert weights == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    ancient = touch_weights(paths, "time_decay", age=[90_014.0, 90_007.0, 90_000.0], half_life=7.0)
    assert ancient == pytest.approx(weights)


def test_self_loops_do_not_change_markov_shares():
    plain = build([[0, 1], [1], [0], [2, 1]])
    looped = build([[0, 0, 0, 1], [1, 1], [0], [2, 2, 1]])
    flags = [1, 1, 0, 0]
    assert attribute(looped, flags, "markov").share == pytest.approx(attribute(plain, flags, "markov").share)


def test_bootstrap_resamples_users_not_paths():
    # Each user repeats one journey 50 times: only 40 independent observations exist.
    rng = np.random.default_rng(4)
    base = [[int(c)] for c in rng.integers(0, 2, 40)]
    paths = build([p for p in base for _ in range(50)], 2)
    flags = np.ones(paths.n)
    users = np.repeat(np.arange(40), 50)
    by_user = attribute(paths, flags, "linear", users=users, n_boot=400, seed=1)
    by_path = attribute(paths, flags, "linear", n_boot=400, seed=1)
    width_user, width_path = (r.high[0] - r.low[0] for r in (by_user, by_path))
    assert width_user / width_path == pytest.approx(np.sqrt(50), rel=0.2)


def test_bootstrap_is_reproducible():
    paths = build([[0, 1], [1], [2], [0, 2]] * 20)
    flags = [1, 0, 1, 1] * 20
    for rule in ("markov", "linear"):
        one, two, other = (attribute(paths, flags, rule, n_boot=50, seed=s) for s in (5, 5, 6))
        assert np.array_equal(one.replicates, two.replicates)
        assert not np.array_equal(one.replicates, other.replicates)


def test_misallocation_is_half_the_l1_distance():
    paths = build([[0]] * 6 + [[1]] * 3 + [[2]])
    rule = attribute(paths, np.ones(10), "last_touch", n_boot=100)
    result = misallocation(rule, [3.0, 3.0, 4.0], budget=1000.0)
    assert result.share == pytest.approx(0.3)
    assert result.money == pytest.approx(300.0)
    assert result.excess == pytest.approx([300.0, 0.0, -300.0])
    assert result.money_low < result.money < result.money_high
    assert misallocation(rule, rule.share, 1000.0).share == pytest.approx(0.0, abs=1e-15)


def test_rules_are_told_apart_on_the_same_draws_where_their_own_intervals_overlap():
    paths = build([[0]] * 40 + [[1]] * 40 + [[1, 2]] * 8)
    last, first = (
        misallocation(attribute(paths, np.ones(88), rule, n_boot=200), [0.5, 0.0, 0.5], budget=1.0)
        for rule in ("last_touch", "first_touch")
    )
    assert first.share_low < last.share_high
    more = further(first, last)
    assert more.value == pytest.approx(8 / 88)
    assert 0 < more.low < more.value < more.high
    assert further(last, last) == Estimate(0.0, 0.0, 0.0)


def test_bad_input_is_named():
    paths = build([[0, 1], [2]])
    with pytest.raises(JourneyError, match="converts"):
        attribute(paths, [0, 0], "markov")
    with pytest.raises(JourneyError, match="shape"):
        attribute(paths, [1], "linear")
    with pytest.raises(JourneyError, match="Unknown attribution rule"):
        attribute(paths, [1, 0], "shapley")
    with pytest.raises(JourneyError, match="age"):
        attribute(paths, [1, 0], "time_decay")
    with pytest.raises(JourneyError, match="Half-life"):
        attribute(paths, [1, 0], "time_decay", age=[1, 0, 0], half_life=0)
    with pytest.raises(JourneyError, match="Reference shares"):
        misallocation(attribute(paths, [1, 0], "linear"), [1, 1], 10)
    short, long = (attribute(paths, [1, 0], "linear", n_boot=many) for many in (0, 9))
    with pytest.raises(JourneyError, match="on the same draws"):
        further(*(misallocation(each, [1, 1, 1], 10) for each in (short, long)))
    assert "markov" in RULES
