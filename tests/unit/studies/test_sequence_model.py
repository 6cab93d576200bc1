"""The network over events: order counts, nothing after a decision does, rows are those of the features."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from journey.errors import JourneyError
from journey.features import DECISIONS
from journey.models.training import split_periods
from journey.paths import project
from journey.sparse.shop import TEST, TRAIN, VALIDATION, Items
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.sequence_model import learning, network
from journey.studies.sequence_model.learning import read_and_score
from journey.studies.sequence_model.network import PAST, Asked, Reader, Task, Wanted, load_torch, windows
from journey.studies.sequence_model.shops import Decided, Whole, as_task, cut_out, load_whole
from journey.studies.sequence_model.streams import KINDS, NUMBERS, Streams, as_streams, read_events
from journey.studies.sequence_model.study import compared_decisions, share
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs the extra sequence: pip install '.[sequence]'"
)
VIEW, SEARCH = KINDS.index("view"), KINDS.index("search")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A warehouse of 400 users and 60 items."""
    made = tmp_path_factory.mktemp("sequence")
    simulate(made / "store", ShopParameters(users=400, items=60, seed=11))
    build_warehouse(made / "store", made / "shop.duckdb", project().sql)
    return made


@pytest.fixture(scope="module")
def whole(folder) -> Whole:
    with connect(folder / "shop.duckdb") as connection:
        return load_whole(connection, folder / "store")


@pytest.fixture(scope="module")
def task(whole) -> Task:
    return as_task(whole)[0]


def planted(users: int, seed: int) -> tuple[Task, np.ndarray]:
    """Streams of eight views and searches: who ends as begun buys nothing, whatever the counts.

    The label is whether the first search comes before the first view; every user has four of each.
    """
    rng = np.random.default_rng(seed)
    kind = np.array([rng.permutation([VIEW, SEARCH] * 4) for _ in range(users)])
    label = kind[:, 0] == SEARCH
    number = users * 9
    kinds = np.column_stack([np.zeros(users, dtype=np.int64), kind]).ravel()
    zero = np.zeros(number, dtype=np.int64)
    user = np.repeat(np.arange(users), 9)
    streams = Streams(user, user, zero, kinds, zero, zero, zero, np.zeros((number, NUMBERS), np.float32))
    last = np.arange(users) * 9 + 8
    period = np.array([TRAIN, TRAIN, VALIDATION, TEST])[np.arange(users) % 4]
    one, flat = np.zeros(2, dtype=np.int64), np.ones(2)
    task = Task(
        streams=streams,
        asked=Asked(last, np.zeros(users, dtype=np.int64), label, period),
        wanted=Wanted(np.arange(users) * 9, np.arange(users) % 2, np.ones(users), period),
        items=Items(np.array([1, 2]), one, one, flat, flat, flat),
        day=zero,
        popularity=np.log(np.full((1, 2), 0.5)),
    )
    return task, np.column_stack([(kind == each).sum(axis=1) for each in (VIEW, SEARCH)])


@needs_torch
def test_order_is_read_where_counts_say_nothing(monkeypatch):
    # Small steps, and time to find the rule: a few hundred short streams are a batch or two.
    monkeypatch.setattr(network, "FEWEST", 512)
    monkeypatch.setattr(learning, "PATIENCE", 8)
    task, counts = planted(800, seed=3)
    asked = task.asked
    test, known = asked.period == TEST, asked.period != TEST
    found = read_and_score(task, 1, task.wanted.token[task.wanted.period == TEST], seed=5, most_epochs=15)
    assert roc_auc_score(asked.label[test], found.log_odds) > 0.95
    counted = LogisticRegression().fit(counts[known], asked.label[known]).predict_proba(counts[test])[:, 1]
    assert roc_auc_score(asked.label[test], counted) == 0.5


@needs_torch
def test_nothing_after_a_decision_reaches_its_score(task):
    reader = Reader(task, len(DECISIONS), seed=5)
    token = task.asked.token
    before = reader.states_at(token).numpy()
    items = reader.score_items(task.wanted.token[:1])
    streams = task.streams
    cut = int(np.median(token))
    later = np.arange(len(streams)) > cut
    rng = np.random.default_rng(1)
    altered = replace(
        streams,
        kind=np.where(later, rng.integers(len(KINDS), size=len(streams)), streams.kind),
        item=np.where(later, rng.integers(len(task.items) + 1, size=len(streams)), streams.item),
        numbers=np.where(later[:, None], 9.0, streams.numbers).astype(np.float32),
    )
    other = Reader(replace(task, streams=altered), len(DECISIONS), seed=5)
    after = other.states_at(token).numpy()
    np.testing.assert_array_equal(after[token <= cut], before[token <= cut])
    assert not np.array_equal(after[token > cut], before[token > cut])
    np.testing.assert_array_equal(other.score_items(task.wanted.token[:1]), items)


def test_streams_of_deleted_events_are_the_same_up_to_the_decision(folder, whole):
    """With nothing left after a moment, a stream ends there and is equal before."""
    with connect(folder / "shop.duckdb") as connection:
        events = read_events(connection)
    moment = int(np.median(events["at"]))
    kept = events["at"] <= moment
    early = as_streams(
        {name: each[kept] for name, each in events.items()}, whole.shop.items.item_id, whole.shop.frame
    )
    there = whole.streams.at <= moment
    for name, values in vars(whole.streams).items():
        np.testing.assert_array_equal(getattr(early, name), values[there], err_msg=name)


def test_a_decision_stands_where_its_events_end(whole):
    streams = whole.streams
    for kind in whole.kinds.values():
        np.testing.assert_array_equal(streams.session[kind.token], kind.frame.session_id)
        np.testing.assert_array_equal(streams.user[kind.token], kind.frame.user_id)
        np.testing.assert_array_equal(streams.at[kind.token].astype("datetime64[us]"), kind.frame.decided_at)
    assert (streams.kind[whole.kinds["session_start"].token] == 0).all()
    assert (streams.kind[whole.kinds["first_cart"].token] == KINDS.index("add_to_cart")).all()


def test_rows_are_those_of_the_features(whole):
    task, rows = as_task(whole)
    kinds = whole.kinds.values()
    label = np.concatenate([kind.frame.label for kind in kinds])
    decision = np.concatenate([kind.frame.decision_id for kind in kinds])[rows]
    np.testing.assert_array_equal(task.asked.label, label[rows])
    for head, kind in enumerate(kinds):
        periods = split_periods(kind.frame)
        for number, part in enumerate((periods.train, periods.validation, periods.test)):
            mine = (task.asked.head == head) & (task.asked.period == number)
            np.testing.assert_array_equal(np.sort(decision[mine]), np.sort(part.decision_id))


def test_a_smaller_shop_is_the_larger_one_without_the_others(whole):
    part = cut_out(whole, 100, 300)
    assert set(part.streams.user) <= set(range(101, 301))
    for kind in part.kinds.values():
        np.testing.assert_array_equal(part.streams.session[kind.token], kind.frame.session_id)


@pytest.mark.parametrize("lengths", [(1,), (2 * PAST, 3), (2 * PAST + 1, 5 * PAST, 7), (PAST, 6 * PAST + 5)])
def test_windows_own_every_token_once_and_know_the_past(lengths):
    user = np.repeat(np.arange(len(lengths)), lengths)
    first, own, end = windows(user)
    owned = np.concatenate([np.arange(low, high) for low, high in zip(own, end, strict=True)])
    np.testing.assert_array_equal(np.sort(owned), np.arange(len(user)))
    start = np.searchsorted(user, user[first])
    np.testing.assert_array_equal(own - first, np.where(first > start, PAST, 0))
    assert (end - first <= 2 * PAST).all()
    assert (user[first] == user[end - 1]).all()


@needs_torch
def test_two_runs_give_the_same_scores():
    task, _ = planted(200, seed=4)
    at = task.wanted.token[task.wanted.period == TEST]
    one, two = (read_and_score(task, 1, at, seed=5, most_epochs=2) for _ in range(2))
    np.testing.assert_array_equal(one.log_odds, two.log_odds)
    np.testing.assert_array_equal(one.items, two.items)


def test_differences_are_zero_against_itself_and_the_truth_has_all_of_its_gain():
    rng = np.random.default_rng(0)
    label = rng.random(400) < 0.3
    score = label + rng.normal(size=400)
    scores = {"features": score, "sequence": score, "both": score, "oracle": label * 1.0}
    rows = {row["model"]: row for row in compared_decisions([Decided(label, np.arange(400) // 2, scores)])}
    assert rows["sequence"]["roc_auc_over"] == rows["sequence"]["roc_auc_over_low"] == 0
    assert rows["oracle"]["roc_auc"] == rows["oracle"]["roc_auc_share"] == 1
    assert rows["features"]["roc_auc"] == pytest.approx(roc_auc_score(label, score), abs=1e-5)
    each = {
        ("a", "pr_auc"): np.array([0.3]),
        ("oracle", "pr_auc"): np.array([0.5]),
        ("base", "rate"): np.array([0.1]),
    }
    np.testing.assert_allclose(share(each, "a", "pr_auc", None), 0.5)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JourneyError, match=r"needs torch, which is not installed; run .*\[sequence\]"):
        load_torch()


def test_unknown_events_are_refused(folder, whole):
    with connect(folder / "shop.duckdb") as connection:
        events = read_events(connection)
    items, starts = whole.shop.items.item_id, whole.shop.frame
    with pytest.raises(JourneyError, match="kinds of event are unknown"):
        as_streams(events | {"event_type": np.full(len(events["at"]), "wave")}, items, starts)
    with pytest.raises(JourneyError, match="items that the shop does not have"):
        as_streams(events | {"item_id": np.full(len(events["at"]), 999)}, items, starts)
    with pytest.raises(JourneyError, match="have no features at their start"):
        as_streams(events, items, starts.take(np.arange(5)))
