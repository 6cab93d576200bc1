"""Sparse targets: what a pair knows is the past, labels and samples are right, precision is exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from journey.errors import JourneyError
from journey.paths import project
from journey.sparse import EVERYTHING, TEST, estimates, load_shop, memorise, outcomes, positive_ranks, prepare
from journey.sparse.history import NEVER, daily_totals, history
from journey.sparse.learning import Sample, fit_pairs, level, log_loss, sample_pairs
from journey.sparse.pairs import describe_pairs
from journey.sparse.shop import DAY_US, Contacts, PairShop
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> PairShop:
    """Sessions by items of 700 users and 60 items."""
    folder = tmp_path_factory.mktemp("pairs")
    simulate(folder / "store", ShopParameters(users=700, items=60, seed=11))
    build_warehouse(folder / "store", folder / "shop.duckdb", project().sql)
    with connect(folder / "shop.duckdb") as connection:
        return load_shop(connection)


def until(shop: PairShop, moment: np.datetime64, keep: np.ndarray) -> PairShop:
    """The shop as if nothing had happened from a moment on but the start of the kept sessions."""
    there = (shop.start < moment) | keep
    place = np.cumsum(there) - 1
    mine = (shop.start < moment)[shop.contacts.session]
    names = ("item", "views", "carts", "orders")
    frame = shop.frame.take(there)
    late = keep[there]
    return replace(
        shop,
        frame=replace(frame, label=frame.label & ~late, revenue_after=np.where(late, 0, frame.revenue_after)),
        end=np.where(late, shop.start[there], shop.end[there]),
        period=shop.period[there],
        contacts=Contacts(
            place[shop.contacts.session[mine]], *(getattr(shop.contacts, name)[mine] for name in names)
        ),
    )


def test_shop_agrees_with_its_sessions(shop):
    bought = np.unique(shop.contacts.session[shop.contacts.orders > 0])
    np.testing.assert_array_equal(bought, np.flatnonzero(shop.frame.label))
    assert (shop.end >= shop.start).all()
    assert (np.diff(shop.start.astype(np.int64)) >= 0).all()
    per_item = shop.by_category()
    assert per_item.contacts.views.sum() == shop.contacts.views.sum()
    assert len(per_item.items) == len(np.unique(shop.items.category))


def test_history_is_what_a_loop_finds(shop):
    places = np.random.default_rng(0).choice(len(shop.frame), 80, replace=False)
    found = history(shop, places)
    entries = list(zip(found.row, found.item, found.views, found.carts, found.orders, strict=True))
    expected = []
    days, left = [], []
    start, end = shop.start.astype(np.int64), shop.end.astype(np.int64)
    for row, place in enumerate(places):
        user = shop.frame.user_id[place]
        earlier = [
            s for s in range(len(shop.frame)) if shop.frame.user_id[s] == user and start[s] < start[place]
        ]
        bought = max((end[s] for s in earlier if shop.frame.label[s]), default=0)
        mine = np.isin(shop.contacts.session, earlier)
        for item in np.unique(shop.contacts.item[mine]):
            rows = np.flatnonzero(mine & (shop.contacts.item == item))
            totals = (getattr(shop.contacts, name)[rows].sum() for name in ("views", "carts", "orders"))
            expected.append((row, item, *totals))
            days.append((start[place] - end[shop.contacts.session[rows]].max()) / DAY_US)
            abandoned = [
                end[s]
                for s, carts in zip(shop.contacts.session[rows], shop.contacts.carts[rows], strict=True)
                if carts and not shop.frame.label[s]
            ]
            latest = max(abandoned, default=-1)
            left.append((start[place] - latest) / DAY_US if latest > bought else NEVER)
    assert entries == expected
    np.testing.assert_allclose(found.days, days)
    np.testing.assert_allclose(found.days_left, left)
    assert (found.days_left < NEVER).any()


def test_nothing_from_a_session_on_changes_its_pairs(shop):
    """Delete the session's own events and everything later, keep that it starts: same features, same bits."""
    moment = np.quantile(shop.start.astype(np.int64), 0.6).astype("datetime64[us]")
    place = int(np.searchsorted(shop.start, moment))
    keep = np.zeros(len(shop.frame), dtype=np.bool_)
    keep[place] = True
    cut = until(shop, shop.start[place], keep)
    there = np.flatnonzero(cut.frame.session_id == shop.frame.session_id[place])
    items = np.arange(len(shop.items))
    whole, known = (
        describe_pairs(each, at, np.zeros(1), collaborative=True).matrix(
            np.zeros(len(items), dtype=np.int64), items, EVERYTHING
        )
        for each, at in ((shop, np.array([place])), (cut, there))
    )
    np.testing.assert_array_equal(whole, known)
    assert whole[:, EVERYTHING.index("touched")].max() > 0
    assert np.abs(whole[:, EVERYTHING.index("factors")]).max() > 0


def test_a_planted_leak_is_seen(shop):
    """Popularity that counted the session's own day would differ: the test above can fail."""
    place = int(0.6 * len(shop.frame))
    keep = np.zeros(len(shop.frame), dtype=np.bool_)
    keep[place] = True
    cut = until(shop, shop.start[place], keep)
    day = shop.day[place]
    assert not np.array_equal(daily_totals(shop)[day + 1], daily_totals(cut)[day + 1])
    np.testing.assert_array_equal(daily_totals(shop)[day], daily_totals(cut)[day])


def test_outcomes_are_what_a_loop_finds(shop):
    places = np.arange(len(shop.frame))
    found = outcomes(shop, places, "item_3")
    bought = [
        set(shop.contacts.item[(shop.contacts.session == s) & (shop.contacts.orders > 0)]) for s in places
    ]
    for user in np.unique(shop.frame.user_id)[:150]:
        mine = np.flatnonzero(shop.frame.user_id == user)
        for number, place in enumerate(mine):
            ahead = [s for s in mine[number : number + 3] if shop.period[s] == shop.period[place]]
            assert set(np.flatnonzero(found[place])) == set().union(*(bought[s] for s in ahead))
    assert outcomes(shop, places, "item").sum() == sum(map(len, bought))
    # A line of the log that names no user is lost, so a few purchases have no cart.
    assert outcomes(shop, places, "cart")[outcomes(shop, places, "item")].mean() > 0.95
    with pytest.raises(JourneyError, match="unknown target 'basket'"):
        outcomes(shop, places, "basket")


def test_sample_keeps_positives_and_stands_for_all(shop):
    places = np.flatnonzero(shop.period != TEST)
    pairs = describe_pairs(shop, places, np.zeros(len(places)), collaborative=False)
    positive = outcomes(shop, places, "item")
    sample = sample_pairs(pairs, positive, touched=3000, others=6000, seed=1)
    assert positive[sample.row, sample.item].sum() == positive.sum()
    assert (sample.weight[positive[sample.row, sample.item]] == 1).all()
    assert sample.weight.sum() == pytest.approx(positive.size, rel=0.03)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 4)), min_size=2, max_size=60).filter(
        lambda rows: any(row[1] for row in rows)
    )
)
def test_average_precision_is_scikit_learns(rows):
    score, outcome, user = (np.array(column) for column in zip(*rows, strict=True))
    number = np.unique(user, return_inverse=True)[1]
    ranks = positive_ranks(score[:, None].astype(float), outcome[:, None].astype(bool), number)
    ones = np.ones((1, number.max() + 1))
    assert ranks.average_precision(ones)[0] == pytest.approx(average_precision_score(outcome, score))
    assert ranks.base_rate(ones)[0] == pytest.approx(outcome.mean())
    weights = np.random.default_rng(0).integers(0, 3, size=number.max() + 1).astype(float)
    if outcome[weights[number] > 0].any():
        expected = average_precision_score(outcome, score, sample_weight=weights[number])
        assert ranks.average_precision(weights[None])[0] == pytest.approx(expected)


def test_only_counted_pairs_count():
    score = np.array([[3.0, 2.0], [1.0, 0.5]])
    positive = np.array([[False, True], [True, False]])
    counted = np.array([[False, True], [True, True]])
    ranks = positive_ranks(score, positive, np.array([0, 1]), counted)
    assert ranks.average_precision(np.ones((1, 2)))[0] == 1.0
    assert ranks.rows.sum() == 3
    with pytest.raises(JourneyError, match="0 of 4 pairs are positive"):
        positive_ranks(score, positive, np.array([0, 1]), ~positive)


def test_intervals_cover_the_true_precision():
    """The interval from 300 users holds the precision of a huge sample about 95 times in 100."""

    def draw(users: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        taste = rng.normal(size=(users, 1))
        score = taste + rng.normal(size=(users, 30))
        return score, rng.random((users, 30)) < 1 / (1 + np.exp(4 - score))

    score, happened = draw(40_000, 0)
    truth = average_precision_score(happened.ravel(), score.ravel())
    inside = 0
    for seed in range(1, 101):
        score, happened = draw(300, seed)
        ranked = {"model": positive_ranks(score, happened, np.arange(300))}
        found = estimates([ranked], {"ap": lambda d: d["model"]}, replicates=200, seed=seed)["ap"]
        inside += found.low <= truth <= found.high
    assert 88 <= inside <= 100


def noise(seed: int, n: int = 30_000) -> tuple[np.ndarray, ...]:
    """Features that say nothing beyond a margin that says all."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-4, 1, n)
    outcome = rng.random(n) < 1 / (1 + np.exp(-margin))
    return rng.normal(size=(n, 4)).astype(np.float32), outcome, margin, np.ones(n)


def test_no_trees_where_the_margin_says_all():
    matrix, outcome, margin, weight = noise(3)
    held = np.arange(len(outcome)) >= 20_000
    model = fit_pairs(matrix, outcome, margin - 2.0, weight, held, ("a", "b", "c", "d"), seed=1)
    assert model.rounds <= 3
    scores = model.predict(matrix, margin - 2.0)
    assert np.corrcoef(scores, margin)[0, 1] > 0.99
    # The level is put right: the margin was too low by two.
    assert model.shift == pytest.approx(2.0, abs=0.15)


def test_trees_find_what_the_margin_lacks():
    matrix, _, margin, weight = noise(4)
    rng = np.random.default_rng(5)
    outcome = rng.random(len(margin)) < 1 / (1 + np.exp(-(margin + 2 * (matrix[:, 0] > 1))))
    held = np.arange(len(outcome)) >= 20_000
    model = fit_pairs(matrix, outcome, margin, weight, held, ("a", "b", "c", "d"), seed=1)
    assert model.rounds > 5
    assert log_loss(model.predict(matrix, margin), outcome, weight) < log_loss(margin, outcome, weight)
    with pytest.raises(JourneyError, match="both are needed"):
        fit_pairs(matrix, outcome & ~held, margin, weight, held, ("a", "b", "c", "d"), seed=1)


def test_level_puts_the_mean_at_the_share():
    rng = np.random.default_rng(6)
    margin, weight = rng.normal(size=500), rng.random(500)
    outcome = rng.random(500) < 0.1
    shift = level(margin, outcome, weight)
    mean = weight @ (1 / (1 + np.exp(-(margin + shift)))) / weight.sum()
    assert mean == pytest.approx(weight @ outcome / weight.sum(), rel=1e-9)


def test_a_tree_can_learn_everything_by_heart(shop):
    ground = prepare(shop, np.zeros(len(shop.frame)), ("item",), collaborative=False, seed=1)
    sample = Sample(ground.sample.row, ground.sample.item, ground.sample.weight)
    outcome = outcomes(shop, ground.known.places, "item")[sample.row, sample.item]
    precision, scores = memorise(ground.known, sample, outcome, ground.test, seed=1)
    assert precision == pytest.approx(1.0)
    happened = outcomes(shop, ground.test.places, "item")
    assert average_precision_score(happened.ravel(), scores.ravel()) < 5 * happened.mean()


def test_users_cut_out_of_a_shop_are_a_shop(shop):
    part = shop.of_users(0, 300)
    assert set(np.unique(part.frame.user_id)) == {u for u in np.unique(shop.frame.user_id) if u <= 300}
    mine = np.flatnonzero(shop.frame.user_id <= 300)
    for place in (0, len(mine) // 2, len(mine) - 1):
        own = part.contacts.session == place
        there = shop.contacts.session == mine[place]
        np.testing.assert_array_equal(part.contacts.item[own], shop.contacts.item[there])
    with pytest.raises(JourneyError, match="take more users"):
        shop.of_users(10**6, 10**6 + 5)


def test_items_of_the_weeks_before_alone_teach(shop):
    """Other users' contacts of the same week do not move the collaborative scores."""
    place = int(0.7 * len(shop.frame))
    week = shop.day[place] // 7
    rng = np.random.default_rng(8)
    same = (shop.day[shop.contacts.session] // 7 >= week) & (
        shop.frame.user_id[shop.contacts.session] != shop.frame.user_id[place]
    )
    item = shop.contacts.item.copy()
    item[same] = rng.permutation(item[same])
    other = replace(shop, contacts=replace(shop.contacts, item=item))
    one, two = (
        describe_pairs(each, np.array([place]), np.zeros(1), collaborative=True).similar
        for each in (shop, other)
    )
    for first, second in pairwise((one.factors, two.factors)):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(one.neighbours, two.neighbours)
    np.testing.assert_array_equal(one.embedding, two.embedding)
