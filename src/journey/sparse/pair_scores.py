"""The purchase model of pairs as a recommender: who would put which item into the cart, known at a cut.

A probability that a session buys is the same for all items, so it cannot order a list. The model of pairs
can: it starts from the session's purchase log-odds and learns what the history of user and item adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints
from journey.sparse.ladder import Ground, learn, prepare
from journey.sparse.learning import purchase_log_odds
from journey.sparse.shop import DAY_US, TEST, TRAIN, VALIDATION, Contacts, PairShop
from journey.sparse.targets import outcomes

#: A recommendation is judged by carts and purchases, and an item is carted several times as often as bought.
TARGET = "cart"
VALIDATION_DAYS = 14
#: about how many pairs without a cart, of either kind, and sessions without one, to learn from
PAIRS, SESSIONS = 60_000, 4_000
NEVER_DAYS = 365.0
#: What a list may know of its user. `at_cut`: the history at the cut, not even that the user came back.
#: `even`: the same, but as if all were equally likely to buy. `at_return`: also purchase log-odds, coupon and
#: days since the last session at the start of the user's first session from the cut on.
KNOWLEDGE = ("at_cut", "even", "at_return")


@dataclass(frozen=True)
class CutGround:
    """Sessions before a cut to learn from, and sessions at the cut, made up for users with a history.

    Attributes
    ----------
    ground
        Its test sessions are those at the cut, one a user for each of `knowledge`, block after block.
    knowledge
        Names out of `KNOWLEDGE`.
    rows
        Places of these users among the users asked for.
    users
        Number of users asked for.
    carted, bought
        Pairs of session and item before the cut that were put into the cart, and that were bought.
    sessions
        Sessions before the cut.
    """

    ground: Ground
    knowledge: tuple[str, ...]
    rows: Ints
    users: int
    carted: int
    bought: int
    sessions: int


@dataclass(frozen=True)
class PairScores:
    """Log-odds that a session puts an item into the cart.

    Attributes
    ----------
    scores
        By knowledge, (users, items) each. A user without a session before the cut gets the log share of each
        item in the contacts before it.
    rounds
        Number of trees.
    """

    scores: Mapping[str, Floats]
    rounds: int


def ground_at_cut(
    shop: PairShop,
    user_ids: Ints,
    item_ids: Ints,
    cut: np.datetime64,
    *,
    seed: int,
    knowledge: tuple[str, ...] = ("at_cut",),
) -> CutGround:
    """Describe what is known at a cut, of every pair of a user and an item.

    Parameters
    ----------
    shop
        Sessions on both sides of the cut.
    user_ids, item_ids
        Rows and columns of the scores to come: (users,) increasing, and (items,) as in the shop.
    cut
        Sessions that end before it are learned from, the last fortnight of them to stop by. A session across
        the cut is left out, and of later ones only `at_return` uses anything.
    knowledge
        What the lists may know, out of `KNOWLEDGE`. All are scored by the same trees.

    Notes
    -----
    By the day a user comes back, popularity and collaborative filtering know what others did after the cut.
    So each user is given a session that starts at the cut itself, with no coupon and with the purchase
    log-odds of the user's last session, by a model that has not seen the user. Collaborative filtering is
    fitted until the end of the last whole week before the cut (`weekly_similar`).

    Raises
    ------
    JourneyError
        When users are not in order, items are not those of the shop, or no user has a session before the cut.
    """
    if not np.array_equal(item_ids, shop.items.item_id):
        raise JourneyError(
            f"the {len(item_ids):,} items to score are not the {len(shop.items):,} of the shop in its order"
        )
    if (np.diff(user_ids) <= 0).any():
        raise JourneyError(f"the {len(user_ids):,} users to score must be in increasing order of user_id")
    moment = cut.astype("datetime64[us]")
    before = np.flatnonzero(shop.end < moment)
    latest = place_by_user(shop, before, user_ids, "last")
    rows = np.flatnonzero(latest >= 0)
    if not len(rows):
        raise JourneyError(f"none of {len(user_ids):,} users has a session before {cut}: move the cut")
    latest = latest[rows]
    back = latest
    if "at_return" in knowledge:
        later = place_by_user(shop, np.flatnonzero(shop.start >= moment), user_ids[rows], "first")
        back = np.where(later >= 0, later, latest)

    n, m = len(before), len(rows)
    period = np.where(shop.start[before] < moment - np.timedelta64(VALIDATION_DAYS, "D"), TRAIN, VALIDATION)
    log_odds = purchase_at(shop, before, back, period, seed)
    last = log_odds[np.searchsorted(before, latest)]
    purchase = {
        "at_cut": last,
        "even": np.full(m, float(log_odds[:n].mean())),
        "at_return": np.where(back == latest, last, log_odds[n:]),
    }
    at = sessions_at(shop, before, latest, back, knowledge, moment, period)
    ground = prepare(
        at,
        np.concatenate([log_odds[:n], *(purchase[name] for name in knowledge)]),
        [TARGET],
        collaborative=True,
        seed=seed,
        test_places=np.arange(n, len(at.frame)),
        sessions=SESSIONS,
        number=PAIRS,
    )
    carted, bought = (int(outcomes(at, np.arange(n), target).sum()) for target in (TARGET, "item"))
    return CutGround(ground, knowledge, rows, len(user_ids), carted, bought, n)


def scores_at_cut(at: CutGround, names: Sequence[str], *, seed: int) -> PairScores:
    """Learn from the sessions before the cut with some of the features, and score the users.

    Parameters
    ----------
    names
        Features, such as `PLAIN` or `EVERYTHING`.
    """
    learned = learn(at.ground, TARGET, names, seed=seed)
    popular = at.ground.test.popularity()[0]
    found = {}
    for name, block in zip(at.knowledge, np.split(learned.scores, len(at.knowledge)), strict=True):
        found[name] = np.tile(popular, (at.users, 1))
        found[name][at.rows] = block
    return PairScores(found, learned.model.rounds)


def purchase_at(shop: PairShop, before: Ints, back: Ints, period: Ints, seed: int) -> Floats:
    """Log-odds that each session buys, those before a cut and then those of the return; fitted before it."""
    places = np.r_[before, back]
    scored = replace(
        shop,
        frame=shop.frame.take(places),
        end=shop.end[places],
        period=np.r_[period, np.full(len(back), TEST)].astype(np.int64),
        contacts=Contacts(*(np.zeros(0, dtype=np.int64) for _ in range(5))),  # the model looks at none
    )
    return purchase_log_odds(scored, seed=seed).log_odds


def place_by_user(shop: PairShop, places: Ints, user_ids: Ints, which: str) -> Ints:
    """Place of each user's first or last session among some, -1 without one; (users,)."""
    found = pd.Series(places).groupby(shop.frame.user_id[places]).agg(which)
    return found.reindex(user_ids, fill_value=-1).to_numpy(dtype=np.int64)


def sessions_at(
    shop: PairShop,
    before: Ints,
    latest: Ints,
    back: Ints,
    knowledge: tuple[str, ...],
    moment: np.datetime64,
    period: Ints,
) -> PairShop:
    """Sessions before a moment, then sessions that start at it: one a user, block after block."""
    n, m = len(before), len(latest)
    names = shop.frame.names
    own = shop.frame.matrix[latest]
    days = (moment - shop.end[latest]).astype("timedelta64[us]").astype(np.int64) / DAY_US
    own[:, names.index("sessions_before")] += 1.0
    own[:, names.index("coupon_pct")] = 0.0
    own[:, names.index("days_since_last_session")] = np.minimum(days, NEVER_DAYS)
    returned = (back != latest)[:, None]
    blocks = [
        np.where(returned, shop.frame.matrix[back], own) if name == "at_return" else own for name in knowledge
    ]
    added = len(knowledge) * m
    frame = shop.frame.take(np.r_[before, np.tile(latest, len(knowledge))])
    place = np.full(len(shop.frame), -1, dtype=np.int64)
    place[before] = np.arange(n)
    contacts = shop.contacts
    mine = place[contacts.session] >= 0
    return replace(
        shop,
        frame=replace(
            frame,
            matrix=np.vstack([frame.matrix[:n], *blocks]),
            label=np.r_[frame.label[:n], np.zeros(added, dtype=np.bool_)],
            revenue_after=np.r_[frame.revenue_after[:n], np.zeros(added)],
            decided_at=np.r_[frame.decided_at[:n], np.repeat(moment, added)],
            # Numbers that no session has; who is asked is not a feature.
            session_id=np.r_[frame.session_id[:n], -1 - np.arange(added)],
            decision_id=np.r_[frame.decision_id[:n], -1 - np.arange(added)],
        ),
        end=np.r_[shop.end[before], np.repeat(moment, added)],
        period=np.r_[period, np.full(added, TEST)].astype(np.int64),
        contacts=Contacts(
            place[contacts.session[mine]],
            *(getattr(contacts, name)[mine] for name in ("item", "views", "carts", "orders")),
        ),
    )
