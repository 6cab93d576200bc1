"""The ladder in the field: from "this customer orders" to "this product in the next order", Online Retail.

The shop keeps no views and no carts, so a decision is not made when a session starts but on fixed days, for
every customer who has ordered before and every product that has been sold. Calendar, targets and features
were fixed before anything was scored on the test period. Takes about three minutes, so it is done on request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from journey.inference.arrays import Singles
from journey.sparse.learning import PairModel, fit_pairs
from journey.sparse.precision import PositiveRanks, estimates
from journey.sparse.shop import TEST, VALIDATION
from journey.stores.datasets import data_checksum, load_online_retail
from journey.studies.online_retail.calendar import (
    REPLICATES,
    SEED,
    Point,
    bounds,
    decision_points,
    in_time,
    measured,
)
from journey.studies.online_retail.history import (
    Known,
    Purchases,
    bought_after,
    orders_after,
    retail_purchases,
)
from journey.studies.online_retail.pairs import COLLABORATIVE, HISTORY, MONTH, RetailPairs, sampled
from journey.studies.online_retail.ranks import Block, precision_at, ranks_by_part, together

#: pairs to learn from at each point besides the positive ones: bought before by the customer, and not
TOUCHED, OTHERS = 12_000, 20_000
#: a pair by how often the customer had bought the product
PARTS = ("never", "once", "often")
TOP = 100
SETS: Mapping[str, tuple[str, ...]] = {"plain": HISTORY, "collaborative": (*HISTORY, *COLLABORATIVE)}


@dataclass(frozen=True)
class Target:
    """The thing is in one of the first `orders` orders (all when None) of the next `days` days."""

    days: int
    orders: int | None


TARGETS: Mapping[str, Target] = {
    "kind": Target(MONTH, None),
    "item": Target(MONTH, 1),
    "item_3": Target(2 * MONTH, 3),
}


@dataclass(frozen=True)
class Climbed:
    """One target of pairs, learned and scored.

    Attributes
    ----------
    ranks
        All test pairs by ranking and part.
    row
        How rare, how well ranked.
    """

    ranks: Mapping[str, list[PositiveRanks]]
    row: dict[str, Any]


def retail_ladder(lines: pd.DataFrame) -> dict[str, Any]:
    """Climb down the ladder on Online Retail.

    Parameters
    ----------
    lines
        The rows of the data set, as `load_online_retail` gives them.

    Returns
    -------
    dict
        `rungs`; `features` and `top` of the rung `item`; and what `describe_retail` gives.
    """
    purchases, dropped = retail_purchases(lines)
    points, order = decision_points(purchases)
    rungs = {"order": order}
    for name in TARGETS:
        climbed = climb(purchases.by_kind() if name == "kind" else purchases, points, name)
        rungs[name] = climbed.row
        if name == "item":
            features, top = by_part(climbed.ranks), top_precision(climbed.ranks)
    return {
        "rows": dropped,
        "rungs": rungs,
        "features": features,
        "top": top,
        **describe_retail(purchases, points),
    }


def describe_retail(purchases: Purchases, points: Sequence[Point]) -> dict[str, Any]:
    """What takes no learning about a pair: sizes, `points`, `follow_up` and `origins` of purchases."""
    ranks = item_outcomes(purchases, points)
    return {
        "customers": purchases.users,
        "products": purchases.items,
        "named": float((purchases.kind >= 0).mean()),
        "named_entries": float((purchases.kind[purchases.item] >= 0).mean()),
        "points": [describe_point(purchases, point) for point in points],
        "follow_up": follow_up(purchases, points),
        "origins": origins(ranks),
        "heavy_tenth": heavy_tenth(ranks),
    }


def climb(purchases: Purchases, points: Sequence[Point], name: str) -> Climbed:
    """Learn one target of pairs at the points before the test period and score all pairs of those in it."""
    target = TARGETS[name]
    used = [
        (point, point.kinds if name == "kind" else point.pairs)
        for point in points
        if in_time(purchases.first_day, point.day, point.period, target.days)
    ]
    models, train, positives = fit_target(
        purchases, [each for each in used if each[0].period != TEST], target
    )
    # What the trees know was chosen beforehand to be everything; less is scored where it is compared.
    shown = models if name == "item" else {"collaborative": models["collaborative"]}
    blocks: dict[str, list[Block]] = {each: [] for each in ("popularity", "bought_before", *shown)}
    for point, pairs in used:
        if point.period == TEST:
            positive = bought_after(purchases, pairs.known, days=target.days, orders=target.orders)
            for key, score in scores(point, pairs, shown).items():
                blocks[key].append(Block(score, positive, times_bought(pairs.known), pairs.known.users))
    ranks = {
        key: ranks_by_part(each, users=purchases.users, parts=len(PARTS)) for key, each in blocks.items()
    }
    rules = ("popularity", "bought_before")
    ranked = {key: together(each) for key, each in ranks.items() if key in rules}
    ranked["model"] = together(ranks["collaborative"])
    row = measured(ranked, rules) | {
        "pairs": sum(each.positive.size for each in blocks["popularity"]),
        "train_positives": positives,
        "test_positives": int(sum(each.positive.sum() for each in blocks["popularity"])),
        "train_precision": train,
        "rounds": {key: model.rounds for key, model in models.items()},
        "validation_loss": {key: model.loss for key, model in models.items()},
    }
    return Climbed(ranks, row)


def fit_target(
    purchases: Purchases, used: Sequence[tuple[Point, RetailPairs]], target: Target
) -> tuple[dict[str, PairModel], float, int]:
    """Trees with less and with more to go by; average precision of the latter on its rows; positives."""
    names = SETS["collaborative"]
    matrix, outcome, margin, weight, held = [], [], [], [], []
    for number, (point, pairs) in enumerate(used):
        positive = bought_after(purchases, pairs.known, days=target.days, orders=target.orders)
        row, column, stands_for = sampled(
            positive, pairs.known, touched=TOUCHED, others=OTHERS, seed=SEED + number
        )
        matrix.append(pairs.matrix(row, column, point.log_odds, names))
        outcome.append(positive[row, column])
        margin.append(point.log_odds[row] + pairs.popularity()[column])
        weight.append(stands_for)
        held.append(np.full(len(row), point.period == VALIDATION))
    rows, happened, base = np.vstack(matrix), np.concatenate(outcome), np.concatenate(margin)
    weights, stop = np.concatenate(weight), np.concatenate(held)
    models = {}
    for name, features in SETS.items():
        some = np.ascontiguousarray(rows[:, [names.index(each) for each in features]])
        models[name] = fit_pairs(some, happened, base, weights, stop, features, seed=SEED)
    fitted = models["collaborative"].predict(rows, base)
    train = average_precision_score(happened, fitted, sample_weight=weights)
    return models, float(train), int(happened.sum())


def scores(point: Point, pairs: RetailPairs, models: Mapping[str, PairModel]) -> dict[str, Singles]:
    """Every ranking of all pairs of a point, (rows, columns) each: two rules and the models."""
    shape = (len(pairs.known.users), len(pairs.known.items))
    margin = point.log_odds[:, None] + pairs.popularity()
    found = {name: np.empty(shape, dtype=np.float32) for name in models}
    names = SETS["collaborative"]
    for row, column in pairs.batches():
        block = pairs.matrix(row, column, point.log_odds, names)
        rows = slice(int(row[0]), int(row[-1]) + 1)
        for name, model in models.items():
            some = block[:, [names.index(each) for each in model.names]] if model.names != names else block
            found[name][rows] = model.predict(some, margin[row, column]).reshape(-1, shape[1])
    past = pairs.known.past
    before = np.zeros(shape)
    before[past.row, past.item] = np.minimum(past.orders, 20)
    # How often it was bought; among equals the other rule decides, to the nearest unit of log-odds.
    rules = {"popularity": margin, "bought_before": 5 * before + np.round(margin) / 10}
    return {name: each.astype(np.float32) for name, each in rules.items()} | found


def times_bought(known: Known) -> NDArray[np.int8]:
    """Place in `PARTS` of each pair, (rows, columns)."""
    part = np.zeros((len(known.users), len(known.items)), dtype=np.int8)
    part[known.past.row, known.past.item] = np.minimum(known.past.orders, 2)
    return part


def by_part(ranks: Mapping[str, Sequence[PositiveRanks]]) -> dict[str, Any]:
    """Rankings on all pairs, on pairs bought before, and on pairs never bought."""
    parts = {
        "all": {name: together(each) for name, each in ranks.items()},
        "bought": {name: together(each[1:]) for name, each in ranks.items()},
        "never": {name: each[0] for name, each in ranks.items()},
    }
    gain = {"gain_of_others": lambda draw: draw["collaborative"] / draw["plain"] - 1}
    return {
        part: measured(ranked, ()) | bounds(estimates([ranked], gain, replicates=REPLICATES, seed=SEED))
        for part, ranked in parts.items()
    }


def item_outcomes(purchases: Purchases, points: Sequence[Point]) -> list[PositiveRanks]:
    """Test pairs of the rung `item` and those that come true, by part and customer, in no order."""
    target = TARGETS["item"]
    blocks = []
    for point in points:
        if point.period == TEST:
            known = point.pairs.known
            happened = bought_after(purchases, known, days=target.days, orders=target.orders)
            none = np.zeros(happened.shape, dtype=np.float32)
            blocks.append(Block(none, happened, times_bought(known), known.users))
    return ranks_by_part(blocks, users=purchases.users, parts=len(PARTS))


def origins(ranks: Sequence[PositiveRanks]) -> list[dict[str, Any]]:
    """Pairs, purchases and purchases per pair by how often the customer had bought the product."""
    total = sum(each.positives.sum() for each in ranks)
    rows = []
    for name, each in zip(PARTS, ranks, strict=True):
        rate = estimates([{name: each}], {"rate": lambda draw: draw["base_rate"]}, seed=SEED)
        bought = int(each.positives.sum())
        counts = {"part": name, "pairs": int(each.rows.sum()), "positives": bought}
        rows.append({**counts, "share": bought / total, **bounds(rate)})
    return rows


def heavy_tenth(ranks: Sequence[PositiveRanks]) -> float:
    """Share of the purchased pairs by the tenth of buying customers that has the most of them."""
    bought = np.sum([each.positives.sum(axis=0) for each in ranks], axis=0)
    bought = np.sort(bought[bought > 0])[::-1]
    return float(bought[: max(1, len(bought) // 10)].sum() / bought.sum())


def top_precision(ranks: Mapping[str, Sequence[PositiveRanks]]) -> dict[str, Any]:
    """Share of the `TOP` pairs with the highest scores that come true, by ranking."""
    return bounds(
        {
            name: precision_at(together(each), TOP, replicates=REPLICATES, seed=SEED)
            for name, each in ranks.items()
        }
    )


def follow_up(purchases: Purchases, points: Sequence[Point]) -> dict[str, float]:
    """How far eight weeks reach: customers who do not order, and of those who do, with fewer than three."""
    days = TARGETS["item_3"].days
    orders = np.concatenate(
        [
            orders_after(purchases, point.pairs.known, days=days)
            for point in points
            if point.period == TEST and in_time(purchases.first_day, point.day, TEST, days)
        ]
    )
    some = orders > 0
    return {"none": float((~some).mean()), "fewer_than_three": float((orders[some] < 3).mean())}


def describe_point(purchases: Purchases, point: Point) -> dict[str, Any]:
    """Day, period, customers and products of a point, and the share of later purchases outside its pairs."""
    known = point.pairs.known
    after = (purchases.day >= known.day) & (purchases.day < known.day + MONTH)
    inside = np.isin(purchases.user[after], known.users) & np.isin(purchases.item[after], known.items)
    return {
        "day": str(purchases.first_day + known.day),
        "period": point.period,
        "customers": len(known.users),
        "products": len(known.items),
        "outside": float(1 - inside.mean()),
    }


def real_ladder() -> dict[str, Any]:
    """The ladder of the real invoices, with the identity of their file."""
    return {"data": data_checksum("online_retail"), **retail_ladder(load_online_retail())}
