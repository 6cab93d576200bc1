"""Findings of chapter 07 on the purchase model of pairs: its scores, and what purchase odds do to a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from journey import recommend
from journey.findings.desk import Desk
from journey.findings.recommend.names import TOLD_NAMES
from journey.inference.estimate import Estimate
from journey.recommend.comparison import DIGITS, ratio_less_one
from journey.recommend.study import warm_ndcg
from journey.sparse import COLLABORATIVE, PLAIN, load_shop
from journey.sparse.pair_scores import KNOWLEDGE, CutGround, PairScores, ground_at_cut, scores_at_cut

COMPARISON = "journey.recommend.comparison"
SOURCE = "journey.findings.recommend.pairs"
SEED = 7
BOOTSTRAP = "percentile bootstrap over users"
#: Item embeddings are left out: the direction of an item that was met with no other is rounding error, which
#: depends on the number of threads.
FEATURES = {"plain": PLAIN, "collaborative": (*PLAIN, *COLLABORATIVE)}
FEATURE_NAMES = {
    "plain": "without collaborative filtering among its features",
    "collaborative": "with collaborative filtering among its features",
}


@dataclass(frozen=True)
class PairPart:
    """The model of pairs as a part of the blend.

    Attributes
    ----------
    validation, test
        Its scores at either cut, by the name of the method.
    chosen
        The better of them there; `test` holds only this one.
    at, found
        What the model at the test cut learned from, and its scores by knowledge.
    """

    validation: Mapping[str, np.ndarray]
    test: Mapping[str, np.ndarray]
    chosen: str
    at: CutGround
    found: PairScores


def pair_part(
    desk: Desk, log: recommend.ContactLog, validation: recommend.Task, task: recommend.Task
) -> PairPart:
    """Choose the features at the validation cut, then learn again at the test cut."""
    shop = load_shop(desk.warehouse)

    def ground(judged: recommend.Task, knowledge: tuple[str, ...]) -> CutGround:
        users, items = log.user_ids[judged.rows].astype(np.int64), log.item_ids.astype(np.int64)
        return ground_at_cut(shop, users, items, judged.cut, seed=SEED, knowledge=knowledge)

    earlier = ground(validation, ("at_cut",))
    tried = {
        name: scores_at_cut(earlier, features, seed=SEED).scores["at_cut"]
        for name, features in FEATURES.items()
    }
    ndcg = {name: warm_ndcg(scores, validation) for name, scores in tried.items()}
    chosen = max(ndcg, key=lambda name: ndcg[name])
    at = ground(task, KNOWLEDGE)
    found = scores_at_cut(at, FEATURES[chosen], seed=SEED)
    return PairPart({"pairs": tried[chosen]}, {"pairs": found.scores["at_cut"]}, chosen, at, found)


def add_pairs(desk: Desk, task: recommend.Task, part: PairPart) -> None:
    """What the model learned from, what chose it, and whether purchase odds move a list."""
    for name, count, label, function in (
        ("carted", part.at.carted, "Pairs of session and item carted before the cut", "ground_at_cut"),
        ("bought", part.at.bought, "Pairs of session and item bought before the cut", "ground_at_cut"),
        ("trees", part.found.rounds, "Trees of the purchase model of pairs", "scores_at_cut"),
    ):
        source = f"journey.sparse.pair_scores:{function}"
        desk.ledger.add(f"recommend.pairs_{name}", count, "count", label=label, source=source)
    features, label = FEATURE_NAMES[part.chosen], "Features of the purchase model of pairs, as chosen"
    desk.ledger.add("recommend.pairs_features", features, label=label, source=f"{SOURCE}:pair_part")
    totals = recommend.ndcg_totals(task, part.found.scores, task.warm, seed=SEED)
    for name, words in TOLD_NAMES.items():
        change = totals.estimate(ratio_less_one(name, "at_cut"))
        desk.ledger.add(
            f"recommend.pairs_{name}_change",
            Estimate(
                value=round(change.value, DIGITS),
                low=round(change.low, DIGITS),
                high=round(change.high, DIGITS),
                n=change.n,
                method=BOOTSTRAP,
            ),
            "share",
            label=f"NDCG over the list at the cut, less one, {words}",
            source=f"{COMPARISON}:ratio_less_one",
        )
