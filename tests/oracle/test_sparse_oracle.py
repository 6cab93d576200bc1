"""The oracle of pairs is calibrated and ranks best; the committed learning curve belongs to this shop."""

from __future__ import annotations

import json

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.evaluation.pair_oracle import pair_oracle, told_who_returns
from journey.paths import project
from journey.sparse import load_shop, outcomes, positive_ranks
from journey.sparse.history import history
from journey.warehouse.connect import connect


@pytest.fixture(scope="module")
def world():
    """The default shop, every fifth session of it, and the oracle's chances."""
    paths = project()
    with connect(paths.warehouse("simulated")) as connection:
        shop = load_shop(connection)
        places = np.arange(0, len(shop.frame), 5)
        return shop, places, pair_oracle(connection, paths.store("simulated"), shop, places)


def within(expected: np.ndarray, happened: np.ndarray, spreads: float = 4.0) -> bool:
    """Whether a count lies within some standard deviations of a sum of rare, independent draws."""
    return bool(abs(expected.sum() - happened.sum()) < spreads * np.sqrt(expected.sum()))


def test_chances_add_up_to_what_happens(world):
    shop, places, oracle = world
    chance, happened = oracle.bought(), outcomes(shop, places, "item")
    assert within(chance, happened)
    past = history(shop, places)
    seen = np.zeros(chance.shape, dtype=np.bool_)
    seen[past.row, past.item] = True
    assert within(chance[seen], happened[seen])
    assert within(chance[~seen], happened[~seen])
    for low, high in ((1e-5, 1e-4), (1e-4, 1e-3), (1e-3, 1e-2), (1e-2, 1.0)):
        band = (chance >= low) & (chance < high)
        assert within(chance[band], happened[band]), f"chances of {low} to {high}"


def test_chances_of_carts_and_categories_add_up_too(world):
    shop, places, oracle = world
    # A cart that is left is kept in mind, so its lines are a little more than those of an order.
    carted = oracle.carted()
    assert carted.sum() == pytest.approx(outcomes(shop, places, "cart").sum(), rel=0.08)
    by_category = shop.by_category()
    category = oracle.bought_category(shop.items.category)
    assert within(category, outcomes(by_category, places, "category"))


def test_no_simple_rule_beats_the_oracle(world):
    shop, places, oracle = world
    happened = outcomes(shop, places, "item")
    user = np.unique(shop.frame.user_id[places], return_inverse=True)[1]
    ones = np.ones((1, user.max() + 1))
    past = history(shop, places)
    touched = np.zeros(happened.shape)
    touched[past.row, past.item] = past.views + 5 * past.carts
    left = np.zeros(happened.shape)
    left[past.row, past.item] = 1 / (1 + past.days_left)
    best = positive_ranks(oracle.bought(), happened, user).average_precision(ones)[0]
    for rule in (touched, left, oracle.buys[:, None] * np.ones(happened.shape)):
        assert positive_ranks(rule, happened, user).average_precision(ones)[0] < best


@pytest.fixture(scope="module")
def returning():
    """All sessions of every fifth user, the oracle that is told which follow, and what happened."""
    paths = project()
    with connect(paths.warehouse("simulated")) as connection:
        shop = load_shop(connection)
        places = np.flatnonzero(shop.frame.user_id % 5 == 0)
        oracle = pair_oracle(connection, paths.store("simulated"), shop, places)
        return shop, places, oracle, told_who_returns(oracle, shop, places)


def test_chances_of_three_sessions_add_up(returning):
    shop, places, oracle, told = returning
    happened = outcomes(shop, places, "item_3")
    assert happened.sum() > 1.5 * outcomes(shop, places, "item").sum()
    # A purchase counts for up to three sessions, so counts spread sqrt(3) times as wide.
    assert within(told, happened, 4.0 * np.sqrt(3))
    for low, high in ((1e-5, 1e-4), (1e-4, 1e-3), (1e-3, 1e-2), (1e-2, 1.0)):
        band = (told >= low) & (told < high)
        assert within(told[band], happened[band], 4.0 * np.sqrt(3)), f"chances of {low} to {high}"
    assert (told >= np.minimum(oracle.bought(), 1.0) - 1e-12).all()


def test_being_told_who_returns_helps(returning):
    shop, places, oracle, told = returning
    happened = outcomes(shop, places, "item_3")
    user = np.unique(shop.frame.user_id[places], return_inverse=True)[1]
    ones = np.ones((1, user.max() + 1))
    precision = [
        positive_ranks(chance, happened, user).average_precision(ones)[0]
        for chance in (oracle.bought(), told)
    ]
    assert precision[0] < precision[1]


def test_a_session_that_follows_must_be_given(returning):
    shop, places, oracle, _ = returning
    first = np.flatnonzero(np.isin(shop.frame.user_id, shop.frame.user_id[places]))
    with pytest.raises(JourneyError, match="all sessions of a user"):
        told_who_returns(oracle, shop, np.delete(first, len(first) // 2))


def test_the_committed_curve_is_of_this_shop():
    paths = project()
    kept = json.loads((paths.evidence / "sparse_learning_curve.json").read_text())["results"]
    first = next(shop for shop in kept["shops"] if shop["users"] == 10_000 and shop["shop"] == 0)
    numbers = {each["id"]: each for each in json.loads(paths.numbers.read_text())["numbers"]}
    # The first 10,000 users of the large shop are those of the default one; cleaning differs by a few rows.
    assert first["known_positives"] == pytest.approx(
        numbers["sparse.item_train_positives"]["value"], rel=0.01
    )
    assert first["test_positives"] == pytest.approx(numbers["sparse.item_test_positives"]["value"], rel=0.02)


def test_more_knowledge_ranks_better_in_the_committed_curve():
    kept = json.loads((project().evidence / "sparse_learning_curve.json").read_text())["results"]["points"]
    for users in {point["users"] for point in kept}:
        lift = {p["model"]: p["lift"] for p in kept if p["users"] == users and p["part"] == "untouched"}
        assert lift["plain"] < lift["tastes"] < lift["oracle"]
