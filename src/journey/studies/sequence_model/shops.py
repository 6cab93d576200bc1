"""One shop: the same decisions and the same pairs, scored from features and from the sequence of events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from journey.evaluation.ceilings import true_probabilities
from journey.evaluation.pair_oracle import pair_oracle
from journey.features import DECISIONS, FeatureFrame, load_features, split_by_time
from journey.inference.arrays import Flags, Floats, Ints
from journey.models.boosting import SPACE, fit_boosting, search_boosting
from journey.models.calibration import logit
from journey.sparse.history import daily_totals
from journey.sparse.ladder import Ground, learn, prepare
from journey.sparse.learning import purchase_log_odds
from journey.sparse.pairs import EVERYTHING
from journey.sparse.precision import PositiveRanks, positive_ranks
from journey.sparse.shop import TEST, TRAIN, VALIDATION, PairShop, load_shop
from journey.sparse.targets import outcomes
from journey.studies.ceiling_run import SPACE as LARGE_SPACE
from journey.studies.sequence_model.learning import read_and_score
from journey.studies.sequence_model.network import MOST_EPOCHS, Asked, Task, Wanted
from journey.studies.sequence_model.streams import Streams, as_streams, decision_tokens, read_events

SEED, TARGET = 5, "item"
#: Test sessions are those of this many of the shop's users, or of all.
TEST_USERS = 30_000
SESSIONS, SAMPLED = 40_000, 300_000
#: From this many users on the trees get the settings of a large shop.
LARGE = 20_000
#: Passes times users with sessions, at most: a pass over a larger shop is more steps, and takes longer.
PASSED_USERS = 660_000
#: How much a view, a cart and a purchase of an item count as what a session turned to.
TURNED = (0.03, 1.0, 1.0)
MODELS = ("features", "sequence", "both", "oracle")
PARTS = ("all", "untouched")


@dataclass(frozen=True)
class Decided:
    """Test decisions of one kind in one shop; (n,) arrays.

    Attributes
    ----------
    label, user
        Whether the session buys, and its user.
    scores
        Log-odds by model; `both` is the mean of the first two, `oracle` the truth.
    """

    label: Flags
    user: Ints
    scores: dict[str, Floats]


@dataclass(frozen=True)
class Found:
    """What one shop says.

    Attributes
    ----------
    row
        Its sizes.
    decisions
        By kind of decision.
    pairs
        Rankings of the test pairs by part and model.
    """

    row: dict[str, object]
    decisions: dict[str, Decided]
    pairs: dict[str, dict[str, PositiveRanks]]


@dataclass(frozen=True)
class Kind:
    """Decisions of one kind; (n,) arrays in the order of the frame.

    Attributes
    ----------
    frame
        Their features.
    token
        The last token of the streams that each knows.
    truth
        True probability of a purchase as of each.
    period
        0 train, 1 validation, 2 test, as the models of chapter 05 split them in the large shop.
    """

    frame: FeatureFrame
    token: Ints
    truth: Floats
    period: Ints

    def take(self, kept: Flags, offset: int) -> Kind:
        """Some of the decisions, with tokens that count from `offset`."""
        return Kind(self.frame.take(kept), self.token[kept] - offset, self.truth[kept], self.period[kept])


@dataclass(frozen=True)
class Whole:
    """A shop with all that either kind of model reads: pairs, events, and the decisions by their kind."""

    shop: PairShop
    streams: Streams
    kinds: dict[str, Kind]


def load_whole(connection: duckdb.DuckDBPyConnection, store: Path) -> Whole:
    """Read the warehouse of a simulated shop, and from its folder the truth."""
    shop = load_shop(connection)
    streams = as_streams(read_events(connection), shop.items.item_id, shop.frame)
    kinds = {}
    for name in DECISIONS:
        frame = shop.frame if name == "session_start" else load_features(connection, name)
        split = split_by_time(frame.decided_at, frame.session_id, frame.user_id)
        kinds[name] = Kind(
            frame,
            decision_tokens(connection, streams, name, frame),
            true_probabilities(connection, store, frame.decision_id),
            np.select([split.train, split.validation], [TRAIN, VALIDATION], TEST).astype(np.int64),
        )
    return Whole(shop, streams, kinds)


def cut_out(whole: Whole, low: int, high: int) -> Whole:
    """The shop had it only the users with `low` < user_id <= `high`."""
    offset = int(np.searchsorted(whole.streams.user, low, side="right"))
    kinds = {
        name: each.take((each.frame.user_id > low) & (each.frame.user_id <= high), offset)
        for name, each in whole.kinds.items()
    }
    return Whole(whole.shop.of_users(low, high), whole.streams.of_users(low, high), kinds)


def one_shop(connection: duckdb.DuckDBPyConnection, store: Path, shop: Whole, last_user: int) -> Found:
    """Train both on one shop and score its test period.

    Parameters
    ----------
    connection, store
        Warehouse and folder of the large shop, for the truth.
    last_user
        Test sessions are those of users up to this one.
    """
    task, rows = as_task(shop)
    pairs = shop.shop
    test = np.flatnonzero((pairs.period == TEST) & (pairs.frame.user_id <= last_user))
    start = shop.kinds["session_start"].token[test]
    in_order = np.argsort(start)
    users = len(np.unique(pairs.frame.user_id))
    most = min(MOST_EPOCHS, max(1, PASSED_USERS // users))
    read = read_and_score(task, len(DECISIONS), start[in_order], seed=SEED, most_epochs=most)

    log_odds = np.full(len(rows), np.nan)
    log_odds[rows[task.asked.period == TEST]] = read.log_odds
    ends = np.cumsum([len(each.frame) for each in shop.kinds.values()])
    sequence = dict(zip(shop.kinds, np.split(log_odds, ends[:-1]), strict=True))
    decisions = {
        name: decide(each, sequence[name], last_user, large=users >= LARGE)
        for name, each in shop.kinds.items()
    }

    purchase = purchase_log_odds(pairs, seed=SEED)
    ground = prepare(
        pairs,
        purchase.log_odds,
        (TARGET,),
        collaborative=True,
        seed=SEED,
        test_places=test,
        sessions=SESSIONS,
        number=SAMPLED,
    )
    items = np.empty_like(read.items)
    items[in_order] = read.items
    scores: dict[str, NDArray[np.floating]] = {
        "features": learn(ground, TARGET, EVERYTHING, seed=SEED).scores,
        "sequence": items + sequence["session_start"][test][:, None].astype(np.float32),
    }
    scores["both"] = (scores["features"] + scores["sequence"]) / 2
    scores["oracle"] = pair_oracle(connection, store, pairs, test).bought()
    return Found(shop_row(shop, ground, read.epochs, read.losses), decisions, ranked_pairs(ground, scores))


def as_task(shop: Whole) -> tuple[Task, Ints]:
    """What the network learns from, and the row of the decisions, kind after kind, of each asked one."""
    kinds = list(shop.kinds.values())
    asked, rows = Asked(
        token=np.concatenate([each.token for each in kinds]),
        head=np.repeat(np.arange(len(kinds)), [len(each.frame) for each in kinds]),
        label=np.concatenate([each.frame.label for each in kinds]),
        period=np.concatenate([each.period for each in kinds]),
    ).ordered()
    pairs, contacts = shop.shop, shop.shop.contacts
    starts = shop.kinds["session_start"].token
    token = starts[contacts.session]
    order = np.lexsort((contacts.item, token))
    weight = np.minimum(contacts.strength(TURNED), sum(TURNED))
    wanted = Wanted(token[order], contacts.item[order], weight[order], pairs.period[contacts.session][order])
    totals = daily_totals(pairs) @ np.array([1.0, 5.0, 10.0]) + 1.0
    day = np.zeros(len(shop.streams), dtype=np.int64)
    day[starts] = pairs.day
    return Task(
        streams=shop.streams,
        asked=asked,
        wanted=wanted,
        items=pairs.items,
        day=day,
        popularity=np.log(totals / totals.sum(axis=1, keepdims=True)),
    ), rows


def decide(kind: Kind, sequence: Floats, last_user: int, *, large: bool) -> Decided:
    """Test decisions of one kind, the same rows by every model.

    Parameters
    ----------
    sequence
        (n,) log-odds of the network, in the order of the frame; those of the test period count.
    last_user
        Decisions of later users are left out.
    large
        Whether the trees are searched as in a large shop.
    """
    test = (kind.period == TEST) & (kind.frame.user_id <= last_user)
    features = logit(feature_scores(kind, test, large=large))
    scores = {
        "features": features,
        "sequence": sequence[test],
        "both": (features + sequence[test]) / 2,
        "oracle": logit(kind.truth[test]),
    }
    return Decided(kind.frame.label[test], kind.frame.user_id[test], scores)


def feature_scores(kind: Kind, rows: Flags, *, large: bool) -> Floats:
    """Scores of some decisions by trees on the features of chapter 05, searched as there; (n,)."""
    train, validation, known = (
        kind.frame.take(mask)
        for mask in (kind.period == TRAIN, kind.period == VALIDATION, kind.period != TEST)
    )
    setting = search_boosting(
        (train.matrix, train.label),
        (validation.matrix, validation.label),
        train.names,
        seed=SEED,
        trials=2 if large else 6,
        learning_rate=0.08 if large else 0.05,
        space=LARGE_SPACE if large else SPACE,
    )[0].setting
    model = fit_boosting(known.matrix, known.label, known.names, setting, seed=SEED)
    return model.predict(kind.frame.matrix[rows])


def ranked_pairs(
    ground: Ground, scores: dict[str, NDArray[np.floating]]
) -> dict[str, dict[str, PositiveRanks]]:
    """Rankings of the test pairs, all and those of items that the user had not touched, by model."""
    happened = outcomes(ground.test.shop, ground.test.places, TARGET)
    counted = {"all": None, "untouched": ground.untouched()}
    return {
        part: {
            name: positive_ranks(each, happened, ground.user, counted[part]) for name, each in scores.items()
        }
        for part in PARTS
    }


def shop_row(
    shop: Whole, ground: Ground, epochs: dict[int, int], losses: dict[int, float]
) -> dict[str, object]:
    """Sizes of a shop and how long the network learned."""
    pairs = shop.shop
    known = pairs.period != TEST
    bought = pairs.contacts.orders > 0
    names = dict(enumerate(DECISIONS)) | {-1: "items"}
    happened = outcomes(pairs, ground.test.places, TARGET)
    return {
        "events": int((shop.streams.kind > 0).sum()),
        "known_sessions": int(known.sum()),
        "known_buying": int(pairs.frame.label[known].sum()),
        "known_positives": int(known[pairs.contacts.session[bought]].sum()),
        "test_sessions": len(ground.test.places),
        "test_positives": int(happened.sum()),
        "test_untouched_positives": int((happened & ground.untouched()).sum()),
        "epochs": {names[target]: number for target, number in epochs.items()},
        "validation_loss": {names[target]: round(loss, 5) for target, loss in losses.items()},
    }
