"""Recommenders recover what is planted, and a task never looks past its cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from journey import recommend
from journey.errors import JourneyError
from journey.metrics.bootstrap import bootstrap_totals
from journey.recommend.als import solve_side
from journey.recommend.comparison import ratio_less_one
from journey.recommend.scorers import blend, category_popularity_scores, item_cosine, standardised
from journey.recommend.study import Grid, simplex
from journey.studies.online_retail.baskets import own_frequency


def planted(seed: int = 0) -> tuple[csr_matrix, np.ndarray]:
    """Four groups of users who each like one of four groups of items; half of the liked pairs are seen."""
    generator = np.random.default_rng(seed)
    likes = np.arange(120)[:, None] % 4 == np.arange(40)[None, :] % 4
    seen = likes & (generator.random(likes.shape) < 0.5)
    return csr_matrix(seen.astype(float)), likes


def test_als_objective_falls_with_every_sweep() -> None:
    seen, _ = planted()
    trace = recommend.fit_als(seen, rank=4, alpha=5.0, regularisation=1.0, sweeps=6, trace=True).objective
    assert len(trace) == 6
    assert all(later <= earlier for earlier, later in pairwise(trace))
    assert trace[-1] < trace[0]


def test_als_objective_is_the_sum_over_all_pairs() -> None:
    seen, _ = planted()
    generator = np.random.default_rng(1)
    users, items = generator.normal(size=(120, 3)), generator.normal(size=(40, 3))
    dense = seen.toarray()
    direct = ((1 + 2.0 * dense) * ((dense > 0) - users @ items.T) ** 2).sum()
    direct += 0.5 * ((users**2).sum() + (items**2).sum())
    assert recommend.als_objective(seen, users, items, 2.0, 0.5) == pytest.approx(direct, rel=1e-10)


def test_one_side_solves_its_normal_equations() -> None:
    seen, _ = planted()
    items = np.random.default_rng(2).normal(size=(40, 3))
    solved = solve_side(seen, items, 4.0, 0.7)
    confidence = np.diag(1 + 4.0 * seen.toarray()[5])
    left = items.T @ confidence @ items + 0.7 * np.eye(3)
    right = items.T @ confidence @ (seen.toarray()[5] > 0)
    np.testing.assert_allclose(solved[5], np.linalg.solve(left, right), rtol=1e-9)


def test_als_finds_the_liked_items_that_were_not_seen() -> None:
    seen, likes = planted()
    scores = recommend.fit_als(seen, rank=4, alpha=5.0, regularisation=1.0).scores(np.arange(120))
    unseen = seen.toarray() == 0
    lists = recommend.top_items(scores, 1, unseen)
    has_unseen = (likes & unseen).any(axis=1)
    hit = np.take_along_axis(likes, lists, axis=1)[has_unseen, 0]
    assert hit.mean() == 1.0


def test_als_depends_on_its_seed_only() -> None:
    seen, _ = planted()
    one, two = (recommend.fit_als(seen, rank=3, sweeps=2, seed=5).users for _ in range(2))
    assert (one == two).all()
    assert (recommend.fit_als(seen, rank=3, sweeps=2, seed=6).users != one).any()


@pytest.mark.parametrize("bad", [csr_matrix((3, 3)), csr_matrix([[-1.0, 1.0]])])
def test_als_refuses_empty_and_negative_contacts(bad: csr_matrix) -> None:
    with pytest.raises(JourneyError, match="contact"):
        recommend.fit_als(bad)


def test_item_cosine_by_hand() -> None:
    # Items 0 and 1 share one of the users; item 2 shares none.
    contacts = csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    plain = item_cosine(contacts, shrinkage=0.0)
    assert plain[0, 1] == pytest.approx(1 / np.sqrt(2))
    assert plain[0, 2] == 0.0
    assert (np.diag(plain) == 0).all()
    assert item_cosine(contacts, shrinkage=3.0)[0, 1] == pytest.approx(plain[0, 1] / 4)


def test_category_popularity_goes_from_the_shops_mix_to_the_users_own() -> None:
    contacts = csr_matrix([[4.0, 0.0, 0.0, 0.0], [1.0, 2.0, 8.0, 4.0]])
    popularity, category = np.array([5.0, 2.0, 8.0, 4.0]), np.array([0, 0, 1, 1])
    rows = np.array([0])
    own = category_popularity_scores(contacts, popularity, category, rows, prior=0.01)[0]
    shop = category_popularity_scores(contacts, popularity, category, rows, prior=1e6)[0]
    assert own.argmax() == 0
    assert shop.argmax() == 2
    for scores in (own, shop):
        assert np.exp(scores).sum() == pytest.approx(1.0)


def test_blend_of_one_part_keeps_its_order_and_constants_do_not_count() -> None:
    scores = np.array([[1.0, 5.0, 3.0]])
    flat = np.full((1, 3), 7.0)
    assert (standardised(flat) == 0).all()
    mixed = blend({"a": scores, "b": flat}, {"a": 0.5, "b": 0.5})
    assert mixed.argsort().tolist() == scores.argsort().tolist()
    with pytest.raises(JourneyError, match="lacks c"):
        blend({"a": scores}, {"a": 0.5, "c": 0.5})


def test_simplex_holds_every_mix_once() -> None:
    mixes = simplex(("a", "b", "c"), 4)
    assert len(mixes) == 15
    assert all(sum(mix.values()) == 1.0 for mix in mixes)


def log(moments: list[int], users: list[int], items: list[int], kinds: list[int]) -> recommend.ContactLog:
    start = np.datetime64("2025-01-01")
    return recommend.ContactLog(
        user=np.array(users),
        item=np.array(items),
        kind=np.array(kinds),
        moment=np.array([start + np.timedelta64(day, "D") for day in moments]),
        user_ids=np.arange(4),
        item_ids=np.arange(5),
    )


def task(**options: bool) -> recommend.Task:
    # Day 20 is the cut: 0 buys item 1 again and item 2; 1 buys item 4, unknown before; 3 is new.
    contacts = log(
        [1, 2, 18, 20, 21, 22, 23, 40],
        [0, 1, 2, 0, 0, 1, 3, 2],
        [1, 2, 3, 1, 2, 4, 3, 0],
        [1, 0, 0, 1, 1, 1, 1, 1],
    )
    cut, end = (np.datetime64(day) for day in ("2025-01-21", "2025-02-01"))
    return recommend.task_at(contacts, cut, end, kinds=2, choosing=(1,), **options)


def test_task_splits_by_time_and_leaves_out_what_was_chosen_before() -> None:
    found = task()
    assert found.rows.tolist() == [0, 3]
    assert found.relevant.tolist() == [[False, False, True, False, False], [False, False, False, True, False]]
    assert found.warm.tolist() == [True, False]
    assert found.candidates.tolist() == [False, True, True, True, False]
    assert not found.allowed[0, 1]
    assert (found.cold_choices, found.choices) == (1, 4)
    assert sum(part.sum() for part in found.history) == 3
    assert sum(part.sum() for part in found.recent) == 1


def test_repeats_count_when_asked_for() -> None:
    found = task(repeats=True)
    assert found.relevant[0].tolist() == [False, True, True, False, False]
    assert own_frequency_first(found) == 1


def own_frequency_first(found: recommend.Task) -> int:
    single = recommend.Task(**{**vars(found), "history": (found.history[1],), "recent": (found.recent[1],)})
    return int(own_frequency(single)[0].argmax())


def test_history_ignores_everything_after_the_cut() -> None:
    cut, end = np.datetime64("2025-01-21"), np.datetime64("2025-02-01")
    short = log([1, 2, 18, 21], [0, 1, 2, 0], [1, 2, 3, 2], [1, 0, 0, 1])
    long = log(
        [1, 2, 18, 21, 25, 30, 90], [0, 1, 2, 0, 1, 2, 3], [1, 2, 3, 2, 3, 1, 4], [1, 0, 0, 1, 0, 1, 0]
    )
    one, two = (recommend.task_at(each, cut, end, kinds=2, choosing=(1,)) for each in (short, long))
    for before, after in zip(one.history + one.recent, two.history + two.recent, strict=True):
        assert (before != after).nnz == 0


def test_a_cut_without_history_is_an_error() -> None:
    with pytest.raises(JourneyError, match="move the cut"):
        recommend.task_at(
            log([5], [0], [0], [1]), np.datetime64("2025-01-02"), np.datetime64("2025-02-01"), kinds=2,
            choosing=(1,),
        )  # fmt: skip


def grouped_task() -> recommend.Task:
    """Users of four groups see some liked items before the cut and buy another one after it."""
    seen, likes = planted(3)
    user, item = seen.nonzero()
    fresh = likes & (seen.toarray() == 0)
    buyers = np.flatnonzero(fresh.any(axis=1))
    bought = fresh[buyers].argmax(axis=1)
    start = np.datetime64("2025-01-01")
    contacts = recommend.ContactLog(
        user=np.r_[user, buyers],
        item=np.r_[item, bought],
        kind=np.r_[np.zeros(len(user), dtype=int), np.ones(len(buyers), dtype=int)],
        moment=np.r_[np.repeat(start, len(user)), np.repeat(start + np.timedelta64(9, "D"), len(buyers))],
        user_ids=np.arange(120),
        item_ids=np.arange(40),
    )
    cut, end = start + np.timedelta64(5, "D"), start + np.timedelta64(20, "D")
    return recommend.task_at(contacts, cut, end, kinds=2, choosing=(1,))


def test_study_beats_popularity_where_groups_are_planted_and_repeats_itself() -> None:
    found = grouped_task()
    grid = Grid(weights=((1.0, 3.0),), shrinkage=(0.0, 5.0), als=((4, 5.0, 1.0),), sweeps=4)
    settings = recommend.choose_settings(found, grid)
    scores = recommend.all_scores(found, settings)
    result = recommend.compare(found, scores, users=found.warm)
    ndcg = result.table.set_index("method")["ndcg"]
    assert ndcg["als"] > 1.5 * ndcg["popularity"]
    assert settings.validation["hybrid"] >= max(
        value for name, value in settings.validation.items() if name != "hybrid"
    )
    again = recommend.all_scores(found, recommend.choose_settings(found, grid))
    assert all((scores[name] == again[name]).all() for name in scores)
    # Paired: the interval of ALS over popularity is that of its gain, and far narrower than two apart.
    rows = result.differences.set_index(["method", "other", "metric"])
    row, gain = rows.loc[("als", "popularity", "ndcg")], result.table.set_index("method").loc["als"]
    assert row["change"] == pytest.approx(ndcg["als"] / ndcg["popularity"] - 1)
    assert (row["change_low"], row["change_high"]) == (gain["gain_low"], gain["gain_high"])
    assert ("hybrid", "als", "recall") in rows.index


def test_a_paired_difference_is_seen_where_intervals_overlap() -> None:
    # One list finds what the other finds and now and then one item more: alike by their intervals, but never
    # worse on any user.
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2, 400).astype(float)
    columns = {"users": np.ones(400), "one.ndcg": base, "two.ndcg": base + (rng.random(400) < 0.05)}
    totals = bootstrap_totals(columns, replicates=500)
    one, two = (totals.ratio(f"{name}.ndcg", "users") for name in ("one", "two"))
    assert two.low < one.high
    assert totals.estimate(ratio_less_one("two.ndcg", "one.ndcg")).low > 0


def test_share_of_gain_is_one_for_the_oracle_itself() -> None:
    found = grouped_task()
    scores = {"popularity": np.zeros(found.relevant.shape), "oracle": found.relevant.astype(float)}
    totals = recommend.ndcg_totals(found, scores, found.warm)
    assert recommend.share_of_gain(totals, "oracle", "popularity", "oracle")[0] == 1.0
    with pytest.raises(JourneyError, match="no gain"):
        recommend.share_of_gain(totals, "popularity", "oracle", "popularity")


def test_fewer_users_keep_the_judged_ones() -> None:
    found = task()
    thin = recommend.with_fewer_users(found, 1e-9, seed=1)
    assert thin.history[1].sum() == 1.0
    assert sum(part.sum() for part in thin.history) == 1.0
    with pytest.raises(JourneyError, match="share"):
        recommend.with_fewer_users(found, 0.0, seed=1)


def test_popularity_groups_share_out_the_candidates() -> None:
    counts, candidates = np.array([5.0, 9.0, 1.0, 7.0, 3.0]), np.array([True, True, True, True, False])
    top, rest = recommend.popularity_groups(counts, candidates, (0.5,))
    assert np.flatnonzero(top).tolist() == [1, 3]
    assert np.flatnonzero(rest).tolist() == [0, 2]
