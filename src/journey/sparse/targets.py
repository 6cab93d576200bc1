"""The rungs of the ladder: what is to be predicted when a session starts, from dense to sparse."""

from __future__ import annotations

import numpy as np

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Ints
from journey.sparse.shop import PairShop

#: rung -> what happens, from dense to sparse
TARGETS = {
    "session": "The session buys",
    "category": "It buys in this category",
    "cart": "It puts this item into the cart",
    "item": "It buys this item",
    "item_3": "It or the user's next two buy this item",
}
#: rung -> sessions that count, this one included
SESSIONS = {"category": 1, "cart": 1, "item": 1, "item_3": 3}


def outcomes(shop: PairShop, places: Ints, target: str) -> Flags:
    """Whether each pair comes true, (len(places), items).

    Parameters
    ----------
    places
        Sessions, as places in the shop.
    target
        A rung of `TARGETS` other than `session`. `category` wants `shop.by_category()`.

    Notes
    -----
    `item_3` looks at this session and the user's next two in the same period: what is learned or stopped by
    before a cut must not know what comes after it. A user with fewer sessions left has fewer chances.

    Raises
    ------
    JourneyError
        For an unknown target.
    """
    if target not in SESSIONS:
        raise JourneyError(f"unknown target {target!r}; targets are {', '.join(SESSIONS)}")
    contacts = shop.contacts
    happened = (contacts.carts if target == "cart" else contacts.orders) > 0
    session, item = contacts.session[happened], contacts.item[happened]
    number = len(shop.frame)
    row_of = np.full(number, -1, dtype=np.int64)
    row_of[places] = np.arange(len(places))
    found = np.zeros((len(places), len(shop.items)), dtype=np.bool_)
    for back in range(SESSIONS[target]):
        earlier = previous_session(shop, back)[session]
        row = np.where(earlier >= 0, row_of[earlier], -1)
        found[row[row >= 0], item[row >= 0]] = True
    return found


def previous_session(shop: PairShop, back: int) -> Ints:
    """The user's session `back` places earlier in the same period, -1 when none; (sessions,)."""
    period, user = shop.period, shop.frame.user_id
    order = np.lexsort((np.arange(len(user)), user))  # periods follow one another in time
    result = np.full(len(order), -1, dtype=np.int64)
    if back >= len(order):
        return result
    late, early = order[back:], order[: len(order) - back]
    same = (user[late] == user[early]) & (period[late] == period[early])
    result[late[same]] = early[same]
    return result
