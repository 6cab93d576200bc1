"""One shop: the same decisions and the same pairs, scored from features and from the sequence of events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from journey.evaluation.ceilings import true_probabilities
from journey.evaluation.pair_oracle import pair_oracle
from journey.features import DECISIONS, FeatureFrame, load_features
from journey.models.boosting import SPACE, fit_boosting, search_boosting
from journey.models.calibration import logit
from journey.models.training import Periods, split_periods
from journey.sparse.history import daily_totals
from journey.sparse.ladder import Ground, learn, prepare
from journey.sparse.learning import purchase_log_odds
from journey.sparse.pairs import EVERYTHING
from journey.sparse.precision import PositiveRanks, positive_ranks
from journey.sparse.shop import TEST, PairShop, load_shop
from journey.sparse.targets import outcomes
from journey.studies.ceiling_run import SPACE as LARGE_SPACE
from journey.studies.sequence_model.learning import read_and_score
from journey.studies.sequence_model.network import Asked, Task, Wanted
from journey.studies.sequence_model.streams import Streams, as_streams, decision_tokens, read_events

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SEED, TARGET = 5, "item"
#: Test sessions are those of this many of the shop's users, or of all.
TEST_USERS = 30_000
SESSIONS, SAMPLED = 40_000, 300_000
#: From this many users on the trees get the settings of a large shop.
LARGE = 20_000
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
class Whole:
    """The large shop that smaller ones are cut out of."""

    shop: PairShop
    frames: dict[str, FeatureFrame]
    streams: Streams
    tokens: dict[str, Ints]


def load_whole(connection: duckdb.DuckDBPyConnection) -> Whole:
    """Read the large shop's warehouse once."""
    shop = load_shop(connection)
    frames = {name: load_features(connection, name) for name in DECISIONS if name != "session_start"}
    frames = {name: shop.frame if name == "session_start" else frames[name] for name in DECISIONS}
    streams = as_streams(read_events(connection), shop.items.item_id, shop.frame)
    tokens = {name: decision_tokens(connection, streams, name, frame) for name, frame in frames.items()}
    return Whole(shop, frames, streams, tokens)


def cut_out(whole: Whole, low: int, high: int) -> Whole:
    """The shop had it only the users with `low` < user_id <= `high`."""
    offset = int(np.searchsorted(whole.streams.user, low, side="right"))
    frames, tokens = {}, {}
    for name, frame in whole.frames.items():
        kept = (frame.user_id > low) & (frame.user_id <= high)
        frames[name], tokens[name] = frame.take(kept), whole.tokens[name][kept] - offset
    return Whole(whole.shop.of_users(low, high), frames, whole.streams.of_users(low, high), tokens)


def one_shop(connection: duckdb.DuckDBPyConnection, store: Path, shop: Whole, last_user: int) -> Found:
    """Train both on one shop and score its test period.

    Parameters
    ----------
    connection, store
        Warehouse and folder of the large shop, for the truth.
    last_user
        Test sessions are those of users up to this one.
    """
    users = len(np.unique(shop.shop.frame.user_id))
    splits = {name: split_periods(frame) for name, frame in shop.frames.items()}
    task, rows = as_task(shop, splits)
    pairs = shop.shop
    test = np.flatnonzero((pairs.period == TEST) & (pairs.frame.user_id <= last_user))
    start = shop.tokens["session_start"][test]
    in_order = np.argsort(start)
    read = read_and_score(task, len(DECISIONS), start[in_order], seed=SEED)

    log_odds = np.full(len(task.asked.token), np.nan)
    log_odds[task.asked.period == TEST] = read.log_odds
    by_row = np.empty(len(log_odds))
    by_row[rows] = log_odds
    decisions, low = {}, 0
    of_session = np.full(0, np.nan)
    for name, frame in shop.frames.items():
        sequence = by_row[low : low + len(frame)]
        low += len(frame)
        if name == "session_start":
            of_session = sequence
        decisions[name] = decide(connection, store, splits[name], frame, sequence, last_user, users)

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
        "sequence": items + of_session[test][:, None].astype(np.float32),
    }
    scores["both"] = (scores["features"] + scores["sequence"]) / 2
    scores["oracle"] = pair_oracle(connection, store, pairs, test).bought()
    return Found(shop_row(shop, ground, read.epochs, read.losses), decisions, ranked_pairs(ground, scores))


def as_task(shop: Whole, splits: dict[str, Periods]) -> tuple[Task, Ints]:
    """What the network learns from, and the row of the decisions, kind after kind, of each asked one."""
    head = {name: number for number, name in enumerate(DECISIONS)}
    asked, rows = Asked(
        token=np.concatenate([shop.tokens[name] for name in shop.frames]),
        head=np.concatenate([np.full(len(frame), head[name]) for name, frame in shop.frames.items()]),
        label=np.concatenate([frame.label for frame in shop.frames.values()]),
        period=np.concatenate([periods_of(frame, splits[name]) for name, frame in shop.frames.items()]),
    ).ordered()
    pairs, contacts = shop.shop, shop.shop.contacts
    token = shop.tokens["session_start"][contacts.session]
    order = np.lexsort((contacts.item, token))
    weight = np.minimum(contacts.strength(TURNED), sum(TURNED))
    wanted = Wanted(token[order], contacts.item[order], weight[order], pairs.period[contacts.session][order])
    totals = daily_totals(pairs) @ np.array([1.0, 5.0, 10.0]) + 1.0
    day = np.zeros(len(shop.streams), dtype=np.int64)
    day[shop.tokens["session_start"]] = pairs.day
    return Task(
        streams=shop.streams,
        asked=asked,
        wanted=wanted,
        items=pairs.items,
        day=day,
        popularity=np.log(totals / totals.sum(axis=1, keepdims=True)),
    ), rows


def periods_of(frame: FeatureFrame, periods: Periods) -> Ints:
    """Period of each row of a frame: 0 train, 1 validation, 2 test."""
    found = np.empty(len(frame), dtype=np.int64)
    order = np.argsort(frame.decision_id)
    for number, part in enumerate((periods.train, periods.validation, periods.test)):
        found[order[np.searchsorted(frame.decision_id[order], part.decision_id)]] = number
    return found


def decide(
    connection: duckdb.DuckDBPyConnection,
    store: Path,
    periods: Periods,
    frame: FeatureFrame,
    sequence: Floats,
    last_user: int,
    users: int,
) -> Decided:
    """Test decisions of one kind, the same rows by every model; `sequence` is in the order of the frame."""
    test = periods.test
    kept = test.user_id <= last_user
    order = np.argsort(frame.decision_id)
    place = order[np.searchsorted(frame.decision_id[order], test.decision_id[kept])]
    features = logit(feature_scores(periods, users)[kept])
    scores = {
        "features": features,
        "sequence": sequence[place],
        "both": (features + sequence[place]) / 2,
        "oracle": logit(true_probabilities(connection, store, test.decision_id[kept])),
    }
    return Decided(test.label[kept], test.user_id[kept], scores)


def feature_scores(periods: Periods, users: int) -> Floats:
    """Test scores of the trees on the features of chapter 05, searched as there; (n,)."""
    large = users >= LARGE
    train, validation, known = periods.train, periods.validation, periods.known
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
    return model.predict(periods.test.matrix)


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
