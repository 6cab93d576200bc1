"""How many users it takes to learn "this user buys this item". Simulated and trained on request.

Shops of 1,000 to 300,000 users are cut out of one large shop. In each the same trees are trained with more
and more to go by; the last of them are told the true tastes, which no shop can know. What they gain over the
others is what taste still hides; what they lack to the oracle is not to be learned from any number of users.
Takes about 25 minutes and 12 GB on 2 cores.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from journey.evaluation.pair_oracle import pair_oracle
from journey.evaluation.taste import taste_truth
from journey.inference.arrays import Ints
from journey.paths import Paths
from journey.sparse.ladder import Ground, learn, prepare
from journey.sparse.learning import purchase_log_odds
from journey.sparse.pairs import COLLABORATIVE, EVERYTHING, PLAIN
from journey.sparse.precision import PositiveRanks, estimates, positive_ranks
from journey.sparse.shop import TEST, PairShop, load_shop
from journey.sparse.targets import outcomes
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

#: users of a shop -> number of such shops, of users that no other shop of the size has
SHOPS = {1_000: 10, 3_000: 6, 10_000: 4, 30_000: 2, 100_000: 1, 300_000: 1}
SMALL, LARGEST = 3_000, max(SHOPS)
#: earlier contacts of a user, lower ends of the bins
CONTACTS = (1, 10, 30, 100)
#: Test sessions are those of this many of the shop's users, or of all.
TEST_USERS = 30_000
TARGET = "item"
SEED, THREADS = 5, 2
SESSIONS, SAMPLED = 40_000, 300_000
FEATURES = {"plain": PLAIN, "collaborative": (*PLAIN, *COLLABORATIVE), "embedding": EVERYTHING}
MODELS = ("margin", *FEATURES, "tastes", "oracle")
PARTS = ("all", "untouched")


def smaller_shops(paths: Paths) -> dict[str, Any]:
    """The beginning of the curve: shops of up to `SMALL` users, cut out of the same large shop."""
    return learning_curve(paths, largest=SMALL)


def learning_curve(paths: Paths, folder: Path | None = None, *, largest: int = LARGEST) -> dict[str, Any]:
    """Train on shops of every size.

    Parameters
    ----------
    paths
        Project whose SQL builds the warehouse.
    folder
        Where the large shop is kept; what is there is used again. A temporary folder when omitted.
    largest
        Users of the largest shop to train on.

    Returns
    -------
    dict
        `shops`: rows, positives and trees of every shop. `points`: average precision of every model, its lift
        over the base rate, its gain over the margin and its share of the oracle's gain, with intervals, by
        number of users and part of the pairs.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return learning_curve(paths, Path(temporary), largest=largest)
    if not (folder / "store" / "manifest.json").is_file():
        simulate(folder / "store", ShopParameters(users=LARGEST))
    if not (folder / "shop.duckdb").is_file():
        build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql)
    found: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    with connect(folder / "shop.duckdb") as connection:
        whole = load_shop(connection)
        for users, number in SHOPS.items():
            if users > largest:
                break
            ranked: dict[str, list[dict[str, PositiveRanks]]] = {part: [] for part in PARTS}
            for place in range(number):
                shop = whole.of_users(place * users, (place + 1) * users)
                row, ranks = one_shop(connection, folder / "store", shop, place * users + TEST_USERS)
                found.append({"users": users, "shop": place, **row})
                for part in PARTS:
                    ranked[part].append(ranks[part])
                print(found[-1], flush=True)
            points += [
                {"users": users, "part": part, **point} for part in PARTS for point in compared(ranked[part])
            ]
    return {"shops": found, "points": points}


def one_shop(
    connection: duckdb.DuckDBPyConnection, store: Path, shop: PairShop, last_user: int
) -> tuple[dict[str, Any], dict[str, dict[str, PositiveRanks]]]:
    """Train every model on one shop; its sizes, and the rankings of its test pairs by part and model."""
    test = np.flatnonzero((shop.period == TEST) & (shop.frame.user_id <= last_user))
    purchase = purchase_log_odds(shop, seed=SEED, threads=THREADS)
    ground = prepare(
        shop,
        purchase.log_odds,
        (TARGET,),
        collaborative=True,
        seed=SEED,
        test_places=test,
        sessions=SESSIONS,
        number=SAMPLED,
    )
    scores: dict[str, NDArray[np.floating]] = {"margin": ground.test_margin}
    rounds: dict[str, int] = {}
    loss: dict[str, float] = {}
    taste, test_taste = (true_tastes(store, shop, each.places) for each in (ground.known, ground.test))
    sampled = taste[ground.sample.row, ground.sample.item].astype(np.float64)
    for name, features in {**FEATURES, "tastes": PLAIN}.items():
        extra = (sampled, test_taste) if name == "tastes" else None
        learned = learn(ground, TARGET, features, seed=SEED, threads=THREADS, extra=extra)
        scores[name] = learned.scores
        rounds[name], loss[name] = learned.model.rounds, learned.model.loss
    scores["oracle"] = pair_oracle(connection, store, shop, test).bought()

    happened = outcomes(shop, test, TARGET)
    untouched = ground.untouched()
    ranks = {
        "all": {name: positive_ranks(each, happened, ground.user) for name, each in scores.items()},
        "untouched": {
            name: positive_ranks(each, happened, ground.user, untouched) for name, each in scores.items()
        },
    }
    known = shop.period != TEST
    bought = shop.contacts.orders > 0
    row = {
        "known_sessions": int(known.sum()),
        "known_positives": int(known[shop.contacts.session[bought]].sum()),
        "test_sessions": len(test),
        "test_positives": int(happened.sum()),
        "test_untouched_positives": int((happened & untouched).sum()),
        "expected_positives": float(scores["oracle"].sum()),
        "rounds": rounds,
        "validation_loss": loss,
        "taste_correlation": taste_correlation(ground, test_taste),
    }
    return row, ranks


def true_tastes(store: Path, shop: PairShop, places: Ints) -> NDArray[np.float32]:
    """Log of how much each session's user is drawn to each item, from the planted tastes; (n, items)."""
    users, member = np.unique(shop.frame.user_id[places], return_inverse=True)
    days = range(int(shop.day[places].min()), int(shop.day[places].max()) + 1)
    truth = taste_truth(store, users, shop.items.item_id, days)
    found = np.empty((len(users), len(shop.items)), dtype=np.float32)
    pull = np.log(np.maximum(truth.shelf, 1e-12)) + truth.log_weight
    for category in range(truth.category_probability.shape[1]):
        mine = np.flatnonzero(truth.category == category)
        top = pull[:, mine].max(axis=1, keepdims=True)
        total = np.log(np.exp(pull[:, mine] - top).sum(axis=1, keepdims=True)) + top
        chance = np.log(truth.category_probability[:, category, None])
        found[:, mine] = pull[:, mine] - total + chance
    return np.maximum(found, -20.0)[member]


def taste_correlation(ground: Ground, taste: NDArray[np.float32]) -> dict[str, float]:
    """Mean correlation over items of learned and true preference, by the user's number of items touched."""
    assert ground.test.similar is not None
    past = ground.test.past
    depth = np.digitize(np.bincount(past.row, minlength=past.rows), CONTACTS)
    learned, true = ground.test.similar.factors.astype(np.float64), taste.astype(np.float64)
    learned = learned - learned.mean(axis=1, keepdims=True)
    true = true - true.mean(axis=1, keepdims=True)
    size = np.sqrt((learned**2).sum(axis=1) * (true**2).sum(axis=1))
    found = np.divide((learned * true).sum(axis=1), size, out=np.zeros(len(size)), where=size > 0)
    return {
        str(low): round(float(found[depth == place].mean()), 5)
        for place, low in enumerate(CONTACTS, start=1)
        if (depth == place).any()
    }


def compared(ranked: list[dict[str, PositiveRanks]]) -> list[dict[str, Any]]:
    """Quality of every model over the shops of one size."""
    measures: dict[str, Any] = {}
    for name in MODELS:
        measures[f"{name}.precision"] = lambda draw, name=name: draw[name]
        measures[f"{name}.lift"] = lambda draw, name=name: draw[name] / draw["base_rate"]
        measures[f"{name}.gain"] = lambda draw, name=name: draw[name] - draw["margin"]
        measures[f"{name}.over_plain"] = lambda draw, name=name: draw[name] - draw["plain"]
        measures[f"{name}.of_tastes"] = lambda draw, name=name: (
            (draw[name] - draw["margin"]) / (draw["tastes"] - draw["margin"])
        )
        measures[f"{name}.share"] = lambda draw, name=name: (
            (draw[name] - draw["margin"]) / (draw["oracle"] - draw["margin"])
        )
    values = estimates(ranked, measures, seed=SEED)
    rows = []
    for name in MODELS:
        row: dict[str, Any] = {"model": name}
        for measure in ("precision", "lift", "gain", "over_plain", "of_tastes", "share"):
            each = values[f"{name}.{measure}"]
            row |= {
                measure: float(f"{each.value:.6g}"),
                f"{measure}_low": float(f"{each.low:.6g}"),
                f"{measure}_high": float(f"{each.high:.6g}"),
            }
        rows.append(row)
    return rows
