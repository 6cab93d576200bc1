"""An oracle for sparse targets: the true chance that a session buys an item, from the planted rules."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np

from journey.errors import JourneyError
from journey.evaluation.ceilings import true_probabilities
from journey.evaluation.taste import TasteTruth, next_cart_probability, taste_truth
from journey.evaluation.truth import read_truth, truth_folder
from journey.inference.arrays import Floats, Ints, Singles
from journey.sparse.history import last_purchase
from journey.sparse.shop import DAY_US, TEST, PairShop
from journey.sparse.targets import SESSIONS, previous_session


@dataclass(frozen=True)
class PairOracle:
    """Planted chances for some sessions.

    Attributes
    ----------
    buys, carts
        (n,) chance that the session buys, and that it reaches the cart.
    focus
        (n, items) chance that the item is the one the session is about.
    more
        (n, items) chance that a further line of the cart holds the item.
    lines
        Mean number of further lines of an order before the test period.
    """

    buys: Floats
    carts: Floats
    focus: Singles
    more: Singles
    lines: float

    def bought(self) -> Floats:
        """Chance that the session buys the item, (n, items)."""
        return self.buys[:, None] * (self.focus + self.lines * self.more)

    def carted(self) -> Floats:
        """Chance that the session puts the item into the cart, (n, items)."""
        return self.carts[:, None] * (self.focus + self.lines * self.more)

    def bought_category(self, category: Ints) -> Floats:
        """Chance that the session buys in each category, (n, categories); `category` is (items,)."""
        member = np.eye(int(category.max()) + 1)[category]
        focus, more = self.focus @ member, np.minimum(self.lines * (self.more @ member), 1.0)
        return np.asarray(self.buys[:, None] * (1 - (1 - focus) * (1 - more)))


def pair_oracle(
    connection: duckdb.DuckDBPyConnection, store: Path, shop: PairShop, places: Ints
) -> PairOracle:
    """What the planted rules say about sessions when they start.

    Parameters
    ----------
    connection, store
        Warehouse and folder of the simulated shop.
    shop
        The same shop as sessions by items.
    places
        (n,) sessions, as places in the shop.

    Notes
    -----
    A session is about the item that the user left in the last abandoned cart with chance RECALL times
    exp(-days / ABANDONED_DAYS), otherwise about an item drawn by taste. A further line of the cart is the
    complement of the focus or, by taste, another item of its category; lines after the second are taken to
    follow the same rule. The average number of further lines is the observed one.

    Raises
    ------
    JourneyError
        When the truth is missing or of another run.
    """
    frame = shop.frame.take(places)
    planted = json.loads((truth_folder(store) / "parameters.json").read_text(encoding="utf-8"))["planted"]
    users, member = np.unique(frame.user_id, return_inverse=True)
    days = range(int(shop.day[places].min()), int(shop.day[places].max()) + 1)
    taste = taste_truth(store, users, shop.items.item_id, days)
    by_taste = next_cart_probability(taste)
    item, weight = wishes(connection, shop, places)
    recalled = float(planted["recall"]) * np.exp(-weight / float(planted["abandoned_days"]))

    focus = (1 - recalled)[:, None] * by_taste[member]
    remembered = np.flatnonzero(item >= 0)
    focus[remembered, item[remembered]] += recalled[remembered]
    more = further_line(store, taste, focus, member, shop.items.item_id, planted)

    buys = true_probabilities(connection, store, frame.decision_id)
    persona = read_truth(store, "users", ["user_id", "persona"]).set_index("user_id")["persona"].loc[users]
    number = persona.map({name: code for code, name in enumerate(planted["personas"])}).to_numpy()
    exponent = np.array(planted["funnel"])[:, :2].sum(axis=1)[number][member]

    contacts, label = shop.contacts, shop.frame.label
    before = (contacts.orders > 0) & (shop.period[contacts.session] != TEST)
    orders = int((label & (shop.period != TEST)).sum())
    return PairOracle(
        buys=buys,
        carts=buys**exponent,
        focus=focus.astype(np.float32),
        more=more.astype(np.float32),
        lines=float(before.sum()) / orders - 1.0,
    )


def told_who_returns(oracle: PairOracle, shop: PairShop, places: Ints, target: str = "item_3") -> Floats:
    """Chance that a session or the user's next ones buy the item, told which follow, (n, items).

    Parameters
    ----------
    oracle
        Planted chances of the sessions.
    shop, places
        The shop, and the sessions as places in it: with each session also those that follow it and count.
    target
        A rung that looks at several sessions.

    Notes
    -----
    One less the chance that none of the sessions buys it, each at its own start. So this oracle is told more
    than anybody can know: who returns and when, and what was left in the carts until then. As long as its
    chances are small they add up to what happens.

    Raises
    ------
    JourneyError
        When a session that counts is not among the places.
    """
    chance = np.minimum(oracle.bought(), 1.0)
    row_of = np.full(len(shop.frame), -1, dtype=np.int64)
    row_of[places] = np.arange(len(places))
    none = 1.0 - chance
    for back in range(1, SESSIONS[target]):
        earlier = previous_session(shop, back)
        row = np.where(earlier >= 0, row_of[earlier], -1)
        if missing := int(((row >= 0) & (row_of < 0)).sum()):
            raise JourneyError(
                f"{missing:,} sessions that follow the {len(places):,} given ones are not among them: give "
                f"all sessions of a user in a period"
            )
        later = np.flatnonzero(row >= 0)
        none[row[later]] *= 1.0 - chance[row_of[later]]
    return np.asarray(1.0 - none)


def wishes(connection: duckdb.DuckDBPyConnection, shop: PairShop, places: Ints) -> tuple[Ints, Floats]:
    """First item of the cart that the user left last, and days since then; -1 and infinity without one.

    A cart is forgotten when the user buys.
    """
    carted = connection.execute(
        """
        select session_id, arg_min(item_id, (ts, event_id)) as item_id
        from staging.events
        where event_type = 'add_to_cart'
        group by session_id
        """
    ).fetchnumpy()
    order = np.argsort(shop.frame.session_id)
    wanted = np.asarray(carted["session_id"], dtype=np.int64)
    at = np.minimum(np.searchsorted(shop.frame.session_id[order], wanted), len(order) - 1)
    mine = shop.frame.session_id[order][at] == wanted
    first = np.full(len(order), -1, dtype=np.int64)
    first[order[at[mine]]] = np.searchsorted(
        shop.items.item_id, np.asarray(carted["item_id"], dtype=np.int64)[mine]
    )
    left = (first >= 0) & ~shop.frame.label
    # The last earlier session of the user that left a cart, for every session.
    by_user = np.lexsort((np.arange(len(order)), shop.frame.user_id))
    user = shop.frame.user_id[by_user]
    position = np.where(left[by_user], np.arange(len(order)), -1)
    latest = np.r_[-1, np.maximum.accumulate(position)[:-1]]
    latest = np.where((latest >= 0) & (user[latest] == user), latest, -1)
    abandoned = np.full(len(order), -1, dtype=np.int64)
    abandoned[by_user] = np.where(latest >= 0, by_user[latest], -1)
    source = abandoned[places]
    ended = shop.end.astype(np.int64)[source]
    valid = (source >= 0) & (ended > last_purchase(shop)[places])
    since = (shop.start.astype(np.int64)[places] - ended) / DAY_US
    return np.where(valid, first[source], -1), np.where(valid, since, np.inf)


def further_line(
    store: Path, taste: TasteTruth, focus: Floats, member: Ints, item_id: Ints, planted: dict[str, float]
) -> Floats:
    """Chance that a second line of the cart holds each item, (n, items)."""
    items = read_truth(store, "items", ["item_id", "complement_item_id"]).set_index("item_id")
    partner = np.searchsorted(item_id, items["complement_item_id"].loc[item_id].to_numpy())
    number = len(item_id)
    complement = np.zeros_like(focus)
    np.add.at(complement.T, partner, focus.T)
    within = next_cart_probability(
        replace(
            taste,
            category_probability=np.ones_like(taste.category_probability),
            rivals=int(planted["view_candidates"]),
        )
    )
    groups = np.zeros((number, taste.category_probability.shape[1]))
    groups[np.arange(number), taste.category] = 1.0
    by_taste = (complement @ groups)[:, taste.category] * within[member]
    share = float(planted["complement"])
    return np.asarray(share * complement + (1 - share) * by_taste)
