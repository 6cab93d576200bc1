"""The purchase model of pairs as a recommender: blind from the cut on, and blended on validation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from journey import recommend
from journey.errors import JourneyError
from journey.paths import project
from journey.recommend.study import Grid, for_warm
from journey.sparse import EVERYTHING, PLAIN, load_shop
from journey.sparse.pair_scores import KNOWLEDGE, PairScores, ground_at_cut, scores_at_cut
from journey.sparse.shop import PairShop
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

SEED = 7


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> PairShop:
    """Sessions by items of 700 users and 60 items."""
    folder = tmp_path_factory.mktemp("pair_scores")
    simulate(folder / "store", ShopParameters(users=700, items=60, seed=11))
    build_warehouse(folder / "store", folder / "shop.duckdb", project().sql)
    with connect(folder / "shop.duckdb") as connection:
        return load_shop(connection)


@pytest.fixture(scope="module")
def cut(shop: PairShop) -> np.datetime64:
    """A moment within a session, after about seven tenths of the sessions."""
    place = int(0.7 * len(shop.frame))
    while shop.end[place] <= shop.start[place]:
        place += 1
    return shop.start[place] + (shop.end[place] - shop.start[place]) / 2


@pytest.fixture(scope="module")
def users(shop: PairShop, cut: np.datetime64) -> np.ndarray:
    """Users who come back after the cut, new ones among them."""
    return np.unique(shop.frame.user_id[shop.start >= cut])


def scored(shop: PairShop, users: np.ndarray, cut: np.datetime64, names=EVERYTHING) -> PairScores:
    ground = ground_at_cut(shop, users, shop.items.item_id, cut, seed=SEED, knowledge=KNOWLEDGE)
    return scores_at_cut(ground, names, seed=SEED)


@pytest.fixture(scope="module")
def found(shop: PairShop, users: np.ndarray, cut: np.datetime64) -> PairScores:
    return scored(shop, users, cut)


def altered(shop: PairShop, cut: np.datetime64, keep: np.ndarray) -> PairShop:
    """Another future: from the cut on other items, outcomes and ends, and other features but of `keep`."""
    generator = np.random.default_rng(5)
    late = shop.end >= cut
    contacts = shop.contacts
    touched = late[contacts.session]
    matrix = shop.frame.matrix.copy()
    changed = late & ~keep
    matrix[changed] = generator.permutation(matrix[changed]) + 1.0
    return replace(
        shop,
        frame=replace(shop.frame, matrix=matrix, label=shop.frame.label ^ late),
        end=np.where(late, shop.end + np.timedelta64(1, "h"), shop.end),
        contacts=replace(
            contacts,
            item=np.where(touched, (contacts.item + 17) % len(shop.items), contacts.item),
            carts=np.where(touched, contacts.carts + 3, contacts.carts),
            orders=np.where(touched, contacts.orders + 2, contacts.orders),
        ),
    )


def first_sessions(shop: PairShop, users: np.ndarray, cut: np.datetime64) -> np.ndarray:
    later = np.flatnonzero(shop.start >= cut)
    _, first = np.unique(shop.frame.user_id[later], return_index=True)
    keep = np.zeros(len(shop.frame), dtype=np.bool_)
    keep[later[first]] = True
    return keep


def test_another_future_gives_the_same_scores(shop, users, cut, found):
    nobody = np.zeros(len(shop.frame), dtype=np.bool_)
    other = scored(altered(shop, cut, nobody), users, cut)
    for knowledge in ("at_cut", "even"):
        np.testing.assert_array_equal(other.scores[knowledge], found.scores[knowledge])
    # It can fail: what is known on the return does follow the features of the return.
    assert (other.scores["at_return"] != found.scores["at_return"]).any()


def test_on_the_return_only_its_own_features_are_known(shop, users, cut, found):
    other = scored(altered(shop, cut, first_sessions(shop, users, cut)), users, cut)
    for knowledge in KNOWLEDGE:
        np.testing.assert_array_equal(other.scores[knowledge], found.scores[knowledge])


def test_no_future_at_all_gives_the_same_scores(shop, users, cut, found):
    known = shop.end < cut
    assert ((shop.start < cut) & ~known).any()  # a session across the cut goes as well
    place = np.cumsum(known) - 1
    contacts = shop.contacts
    mine = known[contacts.session]
    names = ("item", "views", "carts", "orders")
    past = replace(
        shop,
        frame=shop.frame.take(known),
        end=shop.end[known],
        period=shop.period[known],
        contacts=replace(
            contacts,
            session=place[contacts.session[mine]],
            **{name: getattr(contacts, name)[mine] for name in names},
        ),
    )
    other = scored(past, users, cut)
    np.testing.assert_array_equal(other.scores["at_cut"], found.scores["at_cut"])
    # Nobody came back, so there is no more to know.
    np.testing.assert_array_equal(other.scores["at_return"], found.scores["at_cut"])


def test_the_past_does_count(shop, users, cut, found):
    earlier = shop.frame.decided_at < cut - np.timedelta64(20, "D")
    contacts = shop.contacts
    item = np.where(earlier[contacts.session], (contacts.item + 17) % len(shop.items), contacts.item)
    other = scored(replace(shop, contacts=replace(contacts, item=item)), users, cut)
    assert (other.scores["at_cut"] != found.scores["at_cut"]).any()


def test_rows_are_the_users_and_columns_the_items(shop, users, cut, found):
    scores = found.scores["at_cut"]
    assert scores.shape == (len(users), len(shop.items))
    assert np.isfinite(scores).all()
    some = users[::3]
    np.testing.assert_array_equal(scored(shop, some, cut).scores["at_cut"], scores[::3])

    contacts = shop.contacts
    mine = (shop.end < cut)[contacts.session]
    known = np.isin(users, shop.frame.user_id[shop.end < cut])
    assert known.any()
    assert (~known).any()
    days = shop.start.astype("datetime64[D]")[contacts.session] < cut.astype("datetime64[D]")
    total = np.bincount(contacts.item[mine & days], contacts.strength()[mine & days], len(shop.items))
    expected = np.log((total + 1) / (total + 1).sum())
    np.testing.assert_allclose(scores[~known], np.tile(expected, ((~known).sum(), 1)))

    # Left in the cart and not bought since: on average near the top of the user's own list.
    order = scores.argsort(axis=1).argsort(axis=1) / (len(shop.items) - 1)
    carted = np.zeros(scores.shape, dtype=np.bool_)
    kept = mine & (contacts.carts > 0) & (contacts.orders == 0)
    kept &= np.isin(shop.frame.user_id[contacts.session], users)
    owner = np.searchsorted(users, shop.frame.user_id[contacts.session[kept]])
    carted[owner, contacts.item[kept]] = True
    assert order[carted].mean() > 0.65


def test_same_seed_same_scores(shop, users, cut):
    one, two = (scored(shop, users, cut, PLAIN) for _ in range(2))
    assert one.rounds == two.rounds
    for knowledge in KNOWLEDGE:
        assert one.scores[knowledge].tobytes() == two.scores[knowledge].tobytes()


def test_sessions_and_carts_are_counted_before_the_cut(shop, users, cut):
    ground = ground_at_cut(shop, users, shop.items.item_id, cut, seed=SEED)
    before = (shop.end < cut)[shop.contacts.session]
    assert ground.sessions == (shop.end < cut).sum()
    assert ground.carted == (before & (shop.contacts.carts > 0)).sum()
    assert ground.bought == (before & (shop.contacts.orders > 0)).sum()
    assert ground.carted > ground.bought > 0


def test_bad_input_is_one_clear_sentence(shop, users, cut):
    items = shop.items.item_id
    with pytest.raises(JourneyError, match="increasing order of user_id"):
        ground_at_cut(shop, users[::-1], items, cut, seed=SEED)
    with pytest.raises(JourneyError, match="not the 60 of the shop"):
        ground_at_cut(shop, users, items[::-1], cut, seed=SEED)
    with pytest.raises(JourneyError, match="move the cut"):
        ground_at_cut(shop, users, items, shop.start.min(), seed=SEED)


def planted_task(seed: int = 3) -> recommend.Task:
    """Users of four groups see some liked items before the cut and buy another one after it."""
    generator = np.random.default_rng(seed)
    likes = np.arange(120)[:, None] % 4 == np.arange(40)[None, :] % 4
    seen = likes & (generator.random(likes.shape) < 0.5)
    fresh = likes & ~seen
    buyers = np.flatnonzero(fresh.any(axis=1) & seen.any(axis=1))
    user, item = seen.nonzero()
    start = np.datetime64("2025-01-01")
    moments = np.r_[np.repeat(start, len(user)), np.repeat(start + np.timedelta64(9, "D"), len(buyers))]
    log = recommend.ContactLog(
        user=np.r_[user, buyers],
        item=np.r_[item, fresh[buyers].argmax(axis=1)],
        kind=np.r_[np.zeros(len(user), dtype=int), np.ones(len(buyers), dtype=int)],
        moment=moments,
        user_ids=np.arange(120),
        item_ids=np.arange(40),
    )
    return recommend.task_at(
        log, start + np.timedelta64(5, "D"), start + np.timedelta64(20, "D"), kinds=2, choosing=(1,)
    )


GRID = Grid(weights=((1.0, 3.0),), shrinkage=(5.0,), als=((4, 5.0, 1.0),), sweeps=4)


def test_blend_takes_a_good_part_and_leaves_a_useless_one():
    task = planted_task()
    noise = np.random.default_rng(0).normal(size=task.relevant.shape)
    good = recommend.choose_settings(task, GRID, extra={"pairs": task.relevant + 0.1 * noise})
    bad = recommend.choose_settings(task, GRID, extra={"pairs": -1.0 * task.relevant})
    plain = recommend.choose_settings(task, GRID)
    assert good.mix["pairs"] > 0
    assert good.validation["hybrid"] > good.validation["hybrid_without"]
    assert bad.mix["pairs"] == 0
    for settings in (good, bad):
        without = {name: weight for name, weight in settings.mix_without.items() if name != "pairs"}
        assert without == plain.mix
        assert settings.validation["hybrid_without"] == plain.validation["hybrid"]
    assert plain.mix_without is None


def test_weights_come_from_validation_only():
    validation, task = planted_task(3), planted_task(8)
    parts = [each.relevant + 0.5 for each in (validation, task)]
    settings = recommend.choose_settings(validation, GRID, extra={"pairs": parts[0]})
    scores = recommend.all_scores(task, settings, extra={"pairs": parts[1]})
    other = replace(task, relevant=~task.relevant & task.allowed)
    again = recommend.all_scores(other, settings, extra={"pairs": parts[1]})
    assert list(scores) == list(again)
    for name in scores:
        np.testing.assert_array_equal(scores[name], again[name])
    assert {"pairs", "hybrid", "hybrid_without"} <= set(scores)
    plain = recommend.all_scores(task, recommend.choose_settings(validation, GRID))
    np.testing.assert_array_equal(scores["hybrid_without"], plain["hybrid"])


def test_users_without_a_history_get_popularity_whatever_the_part_says():
    task = replace(planted_task(), warm=np.arange(len(planted_task().rows)) % 2 == 0)
    part = np.random.default_rng(1).normal(size=task.relevant.shape)
    scores = recommend.all_scores(
        task, recommend.choose_settings(task, GRID, extra={"pairs": part}), extra={"pairs": part}
    )
    for name in ("pairs", "hybrid", "hybrid_without"):
        np.testing.assert_array_equal(scores[name][~task.warm], scores["popularity"][~task.warm])
    np.testing.assert_array_equal(for_warm(part, task, (1.0, 3.0))[task.warm], part[task.warm])
