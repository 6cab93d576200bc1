"""Climb down the ladder: the same procedure on targets from a session that buys to an item next time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from journey.inference.arrays import Flags, Floats, Ints, Singles
from journey.sparse.learning import PairModel, Sample, fit_pairs, margins, sample_pairs
from journey.sparse.pairs import Pairs, describe_pairs
from journey.sparse.shop import TEST, VALIDATION, PairShop
from journey.sparse.targets import outcomes

#: pairs to learn from besides the positive ones: touched before by the user, and not
PAIRS = 150_000


@dataclass(frozen=True)
class Ground:
    """Sessions by items on both sides of the test cut, ready for any target.

    Attributes
    ----------
    known, test
        Pairs of sessions before the cut (all, or a sample) and of those after it.
    margin, test_margin
        What takes no learning about the pair, (sessions, items).
    sample
        Pairs to learn from.
    matrix
        Their features, in the order of `names`.
    names
        Features.
    held
        (n,) sampled rows of the validation period.
    """

    known: Pairs
    test: Pairs
    margin: Floats
    test_margin: Floats
    sample: Sample
    matrix: Singles
    names: tuple[str, ...]
    held: Flags

    @property
    def user(self) -> Ints:
        """Number of the user of each test session, from 0 without gaps."""
        found = self.test.shop.frame.user_id[self.test.places]
        return np.unique(found, return_inverse=True)[1].astype(np.int64)

    def untouched(self) -> Flags:
        """Test pairs of an item that the user had not touched before, (sessions, items)."""
        seen = np.zeros(self.test_margin.shape, dtype=np.bool_)
        seen[self.test.past.row, self.test.past.item] = True
        return ~seen


@dataclass(frozen=True)
class Learned:
    """A fitted target.

    Attributes
    ----------
    model
        Trees on top of the margin.
    train_precision
        Average precision on the rows it learned from, weighted to stand for all pairs.
    scores
        Log-odds of the test pairs, (sessions, items).
    """

    model: PairModel
    train_precision: float
    scores: Singles


def prepare(
    shop: PairShop,
    purchase: Floats,
    targets: Sequence[str],
    *,
    collaborative: bool,
    seed: int,
    test_places: Ints | None = None,
    sessions: int | None = None,
    number: int = PAIRS,
) -> Ground:
    """Describe both sides of the test cut and draw the pairs to learn from.

    Parameters
    ----------
    purchase
        (sessions,) log-odds that each session of the shop buys.
    targets
        Rungs whose positives must all be in the sample.
    collaborative
        Whether collaborative filtering is among the features.
    test_places
        Test sessions to score; all when omitted.
    sessions
        About how many sessions without a positive to learn from; all when omitted.
    number
        About how many pairs without a positive to learn from, of either kind.
    """
    places = np.flatnonzero(shop.period != TEST)
    weight = np.ones(len(places))
    if sessions is not None:
        places, weight = sample_sessions(shop, places, targets, sessions, seed)
    test_at = np.flatnonzero(shop.period == TEST) if test_places is None else test_places
    known, test = (
        describe_pairs(shop, each, purchase[each], collaborative=collaborative) for each in (places, test_at)
    )
    positive = np.any([outcomes(shop, places, target) for target in targets], axis=0)
    sample = sample_pairs(known, positive, touched=number, others=number, seed=seed)
    sample = Sample(sample.row, sample.item, sample.weight * weight[sample.row])
    return Ground(
        known=known,
        test=test,
        margin=margins(known),
        test_margin=margins(test),
        sample=sample,
        matrix=known.matrix(sample.row, sample.item, known.names),
        names=known.names,
        held=shop.period[places][sample.row] == VALIDATION,
    )


def sample_sessions(
    shop: PairShop, places: Ints, targets: Sequence[str], number: int, seed: int
) -> tuple[Ints, Floats]:
    """Sessions with a positive, about `number` of the others, and how many sessions each stands for."""
    contacts = shop.contacts
    some = np.zeros(len(shop.frame), dtype=np.bool_)
    if "cart" in targets:
        some[contacts.session[contacts.carts > 0]] = True
    some[contacts.session[contacts.orders > 0]] = True
    chance = np.where(some[places], 1.0, min(1.0, number / max(1, int((~some[places]).sum()))))
    kept = np.random.default_rng(seed).random(len(places)) < chance
    return places[kept], 1.0 / chance[kept]


def learn(
    ground: Ground,
    target: str,
    names: Sequence[str],
    *,
    seed: int,
    threads: int = 1,
    extra: tuple[Floats, Floats | Singles] | None = None,
) -> Learned:
    """Fit one target with some of the features and score all test pairs.

    Parameters
    ----------
    target
        A rung; its positives are among the sampled pairs.
    names
        Features, in any order.
    extra
        One more feature: its values at the sampled rows, (n,), and at all test pairs, (sessions, items).
    """
    sample = ground.sample
    outcome = outcomes(ground.known.shop, ground.known.places, target)[sample.row, sample.item]
    margin = ground.margin[sample.row, sample.item]
    matrix = ground.matrix[:, [ground.names.index(name) for name in names]]
    columns: tuple[str, ...] = tuple(names)
    if extra is not None:
        matrix = np.column_stack([matrix, extra[0].astype(np.float32)])
        columns = (*columns, "extra")
    model = fit_pairs(
        np.ascontiguousarray(matrix),
        outcome,
        margin,
        sample.weight,
        ground.held,
        columns,
        seed=seed,
        threads=threads,
    )
    fitted = model.predict(matrix, margin)
    number = len(ground.test.shop.items)
    scores = np.empty((len(ground.test.places), number), dtype=np.float32)
    for row, item in ground.test.batches():
        block = ground.test.matrix(row, item, names)
        if extra is not None:
            block = np.column_stack([block, extra[1][row, item].astype(np.float32)])
        rows = slice(int(row[0]), int(row[-1]) + 1)
        scores[rows] = model.predict(block, ground.test_margin[row, item]).reshape(-1, number)
    precision = average_precision_score(outcome, fitted, sample_weight=sample.weight)
    return Learned(model, float(precision), scores)
