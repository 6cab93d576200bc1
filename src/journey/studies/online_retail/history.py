"""Online Retail (UCI 352) as customers by products: what was known at a moment, and what came after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Floats, Ints
from journey.sparse.history import NEVER, History
from journey.studies.online_retail.baskets import purchase_log

#: Kinds of product: nouns that descriptions name, written down before anything was fitted.
KINDS = (
    *(
        "BAG",
        "BASKET",
        "BELL",
        "BOTTLE",
        "BOWL",
        "BOX",
        "BRACELET",
        "CABINET",
        "CANDLE",
        "CARD",
        "CASE",
        "CHARM",
    ),
    *("CLOCK", "CUP", "CUSHION", "CUTLERY", "DECORATION", "DOORMAT", "EARRING", "FRAME", "GARLAND", "HOLDER"),
    *("HOOK", "INCENSE", "JAR", "KIT", "KNOB", "LETTER", "LIGHT", "MAGNET", "MIRROR", "MUG", "NAPKIN"),
    *(
        "NECKLACE",
        "NOTEBOOK",
        "PENCIL",
        "PLATE",
        "PURSE",
        "RIBBON",
        "RING",
        "SIGN",
        "STAND",
        "STICKER",
        "TILE",
    ),
    *("TIN", "TISSUE", "TRAY", "WRAP"),
)


@dataclass(frozen=True)
class Purchases:
    """Who bought what on which day, one entry a customer, product and day, in order of day.

    Attributes
    ----------
    user, item, day
        (n,) numbers from 0; the day counts from the first of the data.
    price, kind
        (items,) price and kind of each product at its first line; a kind is a place in `KINDS`, -1 for none.
    users
        Number of customers.
    first_day
        Day 0.

    Notes
    -----
    All that a customer buys on a day is one order: an order is often split over several invoices.
    """

    user: Ints
    item: Ints
    day: Ints
    price: Floats
    kind: Ints
    users: int
    first_day: np.datetime64

    @property
    def items(self) -> int:
        """Number of products."""
        return len(self.price)

    def by_kind(self) -> Purchases:
        """The same orders with kinds in the place of products; products of no kind fall out."""
        mine = self.kind[self.item] >= 0
        rows = pd.DataFrame(
            {"day": self.day[mine], "user": self.user[mine], "item": self.kind[self.item[mine]]}
        )
        rows = rows.drop_duplicates().sort_values(["day", "user", "item"])
        some = self.kind >= 0
        total = np.bincount(self.kind[some], self.price[some], len(KINDS))
        return replace(
            self,
            user=rows["user"].to_numpy(),
            item=rows["item"].to_numpy(),
            day=rows["day"].to_numpy(),
            price=total / np.maximum(1, np.bincount(self.kind[some], minlength=len(KINDS))),
            kind=np.arange(len(KINDS)),
        )


def retail_purchases(lines: pd.DataFrame) -> tuple[Purchases, dict[str, int]]:
    """Purchases of the rows of Online Retail, and how many lines each rule of chapter 07 drops.

    Raises
    ------
    JourneyError
        When a column is missing or no line is left.
    """
    if "Description" not in lines.columns:
        raise JourneyError(f"Online Retail lacks column Description ({len(lines):,} rows); fetch it again")
    log, dropped = purchase_log(lines)
    days = log.moment.astype("datetime64[D]")
    rows = pd.DataFrame({"day": days, "user": log.user, "item": log.item}).drop_duplicates()
    rows = rows.sort_values(["day", "user", "item"])
    first_day = days.min()
    sold = lines[
        (lines["Quantity"] > 0)
        & (lines["UnitPrice"] > 0)
        & ~lines["InvoiceNo"].astype(str).str.startswith("C")
    ]
    code = sold["StockCode"].astype(str).str.upper().str.strip()
    # The first line of a product is known as soon as there is one, so no later price or text leaks in.
    first = (
        sold.assign(code=code)
        .sort_values("InvoiceDate", kind="stable")
        .drop_duplicates("code")
        .set_index("code")
        .loc[log.item_ids]
    )
    purchases = Purchases(
        user=rows["user"].to_numpy(dtype=np.int64),
        item=rows["item"].to_numpy(dtype=np.int64),
        day=(rows["day"].to_numpy(dtype="datetime64[D]") - first_day).astype(np.int64),
        price=first["UnitPrice"].to_numpy(dtype=np.float64),
        kind=kinds_of(first["Description"].astype(str)),
        users=len(log.user_ids),
        first_day=first_day,
    )
    return purchases, dropped | {"entries": len(rows)}


def kinds_of(descriptions: Sequence[str] | pd.Series) -> Ints:
    """Kind of each description, its last word that is a kind, singular or plural; -1 without one."""
    places = {word: place for place, word in enumerate(KINDS)}
    places |= {plural: place for word, place in list(places.items()) for plural in (f"{word}S", f"{word}ES")}

    def last(text: str) -> int:
        return next((places[w] for w in reversed(re.findall("[A-Z]+", text.upper())) if w in places), -1)

    return np.array([last(text) for text in descriptions], dtype=np.int64)


@dataclass(frozen=True)
class Known:
    """What was known of customers and products when a day began.

    Attributes
    ----------
    day
        The day of the decision.
    users, items
        Customers who had ordered before it, (rows,), and products sold before it, (columns,), in order.
    past
        Their purchases before it; `orders` counts days with an order, `days` the days since the last.
    bought
        The rows of `Purchases` before the day.
    """

    day: int
    users: Ints
    items: Ints
    past: History
    bought: Flags


def known_at(purchases: Purchases, day: int, users: Ints | None = None) -> Known:
    """Gather what was bought before a day.

    Parameters
    ----------
    users
        Customers to describe; those with a purchase before the day when omitted.

    Raises
    ------
    JourneyError
        When nothing was bought before the day.
    """
    bought = purchases.day < day
    if not bought.any():
        raise JourneyError(f"no purchase before day {day} of {len(purchases.day):,}: move the decision point")
    user, item, when = purchases.user[bought], purchases.item[bought], purchases.day[bought]
    who = np.unique(user) if users is None else users
    what = np.unique(item)
    key = np.searchsorted(who, user) * len(what) + np.searchsorted(what, item)
    order = np.argsort(key, kind="stable")  # within a pair the order of time stays
    pair, start, count = np.unique(key[order], return_index=True, return_counts=True)
    none = np.zeros(len(pair), dtype=np.int64)
    past = History(
        row=pair // len(what),
        item=pair % len(what),
        views=none,
        carts=none,
        orders=count.astype(np.int64),
        days=(day - when[order][start + count - 1]).astype(np.float64),
        days_left=np.full(len(pair), NEVER),
        rows=len(who),
        items=len(what),
    )
    return Known(day, who, what, past, bought)


def bought_after(purchases: Purchases, known: Known, *, days: int, orders: int | None = None) -> Flags:
    """Whether each known customer buys each known product soon, (rows, columns).

    Parameters
    ----------
    days
        How long is looked ahead.
    orders
        Only the first orders after the day count; all when omitted.
    """
    after = (purchases.day >= known.day) & (purchases.day < known.day + days)
    user, item, day = purchases.user[after], purchases.item[after], purchases.day[after]
    counted = order_number(user, day) <= (orders or days)
    row = place_of(known.users, user)
    column = place_of(known.items, item)
    mine = counted & (row >= 0) & (column >= 0)
    found = np.zeros((len(known.users), len(known.items)), dtype=np.bool_)
    found[row[mine], column[mine]] = True
    return found


def orders_after(purchases: Purchases, known: Known, *, days: int) -> Ints:
    """Number of orders of each known customer from the day on, (rows,)."""
    after = (purchases.day >= known.day) & (purchases.day < known.day + days)
    row = place_of(known.users, purchases.user[after])
    pairs = np.unique(np.column_stack([row, purchases.day[after]])[row >= 0], axis=0)
    return np.bincount(pairs[:, 0], minlength=len(known.users)).astype(np.int64)


def order_number(user: Ints, day: Ints) -> Ints:
    """Number of the order that each row belongs to, counted from 1 for each customer; (n,)."""
    if not len(user):
        return np.zeros(0, dtype=np.int64)
    return pd.Series(day).groupby(user).rank(method="dense").to_numpy(dtype=np.int64)


def place_of(wanted: Ints, values: Ints) -> Ints:
    """Place of each value among increasing ones, -1 where it is not there."""
    at = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    return np.where(wanted[at] == values, at, -1)
