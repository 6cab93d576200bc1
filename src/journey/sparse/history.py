"""What was known of a user and an item when a session began, as of that moment and no later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from journey.inference.arrays import Floats, Ints
from journey.sparse.shop import DAY_US, PairShop

#: days that stand for "never"
NEVER = 99.0


@dataclass(frozen=True)
class History:
    """Items that users had touched in earlier sessions; one entry a pair, ordered by row, then item.

    Attributes
    ----------
    row
        Place in the list of sessions asked for.
    item, views, carts, orders
        Totals over the user's earlier sessions.
    days
        Days from the end of the last session that touched the item to the start of this one.
    days_left
        Days since the item was left behind in a cart; `NEVER` when it was not, or the user has bought since.
    rows, items
        Shape: sessions asked for, and items of the shop.
    """

    row: Ints
    item: Ints
    views: Ints
    carts: Ints
    orders: Ints
    days: Floats
    days_left: Floats
    rows: int
    items: int

    @property
    def strength(self) -> csr_matrix:
        """(rows, items) weighted contacts, damped: the tenth view of an item says less than the first."""
        value = np.log1p(self.views + 5.0 * self.carts + 10.0 * self.orders)
        return csr_matrix((value, (self.row, self.item)), shape=(self.rows, self.items))

    def find(self, row: Ints, item: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Entry of each pair, and whether there is one; (n,) each."""
        own = self.row * self.items + self.item
        wanted = row * self.items + item
        at = np.minimum(np.searchsorted(own, wanted), max(0, len(own) - 1))
        return at, (own[at] == wanted) if len(own) else np.zeros(len(wanted), dtype=np.bool_)


def history(shop: PairShop, places: Ints) -> History:
    """Contacts of each session's user in the sessions that ended before it started.

    Parameters
    ----------
    places
        (n,) sessions, as places in the shop.

    Notes
    -----
    Contacts are put in order of user and time, so that what a session knows is one run of them: from the
    user's first contact up to the session's own.
    """
    user, start = shop.frame.user_id, shop.start
    order = np.lexsort((np.arange(len(user)), user))  # sessions are in order of time
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    contacts = shop.contacts
    moved = np.argsort(rank[contacts.session], kind="stable")
    session, item = contacts.session[moved], contacts.item[moved]
    before = np.searchsorted(rank[session], np.arange(len(order) + 1))  # first contact of each ranked session
    first_of_user = np.searchsorted(user[order], user[order], side="left")

    low = before[first_of_user[rank[places]]]
    length = before[rank[places]] - low
    row = np.repeat(np.arange(len(places)), length)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    entry = np.repeat(low, length) + offset
    key = row * len(shop.items) + item[entry]
    sort = np.argsort(key, kind="stable")  # within a pair the order of time stays
    key, entry, row = key[sort], entry[sort], row[sort]
    last = np.flatnonzero(np.r_[key[1:] != key[:-1], True]) if len(key) else np.zeros(0, dtype=np.int64)
    group = np.cumsum(np.r_[0, key[1:] != key[:-1]]) if len(key) else key

    def total(values: Ints) -> Ints:
        return np.bincount(group, values[moved][entry], len(last)).astype(np.int64)

    now = start[places].astype(np.int64)
    ended = shop.end.astype(np.int64)
    left = (contacts.carts > 0) & ~shop.frame.label[contacts.session]
    left_at = np.where(left, ended[contacts.session], -1)[moved][entry]
    latest_left = np.maximum.reduceat(left_at, np.r_[0, last[:-1] + 1]) if len(last) else left_at
    bought_at = last_purchase(shop)[places][row[last]]
    days_left = np.where(latest_left > bought_at, (now[row[last]] - latest_left) / DAY_US, NEVER)
    return History(
        row=row[last],
        item=key[last] % len(shop.items),
        views=total(contacts.views),
        carts=total(contacts.carts),
        orders=total(contacts.orders),
        days=(now[row[last]] - ended[session[entry[last]]]) / DAY_US,
        days_left=days_left,
        rows=len(places),
        items=len(shop.items),
    )


def last_purchase(shop: PairShop) -> Ints:
    """End of the user's last earlier session that bought, microseconds; 0 when there is none; (sessions,)."""
    user = shop.frame.user_id
    bought = pd.Series(np.where(shop.frame.label, shop.end.astype(np.int64), 0)).groupby(user)
    earlier = bought.cummax().groupby(user).shift(fill_value=0)  # sessions are in order of time
    return earlier.to_numpy(dtype=np.int64)


def daily_totals(shop: PairShop) -> Floats:
    """Views, carts and orders of each item before each day; (days + 1, items, 3)."""
    contacts = shop.contacts
    days = int(shop.day.max()) + 2
    total = np.zeros((days, len(shop.items), 3))
    at = (shop.day[contacts.session] + 1) * len(shop.items) + contacts.item
    for kind, name in enumerate(("views", "carts", "orders")):
        counted = np.bincount(at, getattr(contacts, name), days * len(shop.items))
        total[:, :, kind] = counted.reshape(days, len(shop.items))
    return np.cumsum(total, axis=0)
