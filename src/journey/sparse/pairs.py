"""Features of pairs of a session and an item, known when the session starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.inference.arrays import Floats, Ints, Singles
from journey.sparse.collaborative import Similar, weekly_similar
from journey.sparse.history import NEVER, History, daily_totals, history
from journey.sparse.shop import PairShop

SESSION = ("purchase_log_odds", "log_sessions_before", "coupon_pct", "days_since_last_session")
ITEM = (
    "log_views",
    "log_carts",
    "log_orders",
    "log_views_7d",
    "log_carts_7d",
    "log_price",
    "price_position",
    "rating",
    "category",
)
PAIR = (
    "views_before",
    "carts_before",
    "orders_before",
    "days_since_item",
    "days_left_in_cart",
    "category_share",
    "brand_share",
    "price_gap",
    "touched",
)
COLLABORATIVE = ("factors", "neighbours")
EMBEDDING = ("embedding", "latest")
PLAIN = (*SESSION, *ITEM, *PAIR)
EVERYTHING = (*PLAIN, *COLLABORATIVE, *EMBEDDING)
#: contacts at the shop's average that every user is given before shares are taken
PRIOR = 8.0
RECENT_DAYS = 7


@dataclass(frozen=True)
class Pairs:
    """All that is needed to describe any pair of some sessions and an item.

    Attributes
    ----------
    places
        (n,) sessions, as places in the shop.
    purchase
        (n,) log-odds that the session buys anything, from a model that has not seen the session's user.
    totals
        (days + 1, items, 3) contacts of each item before each day.
    category_share, brand_share
        (n, categories) and (n, brands) smoothed shares of the user's contacts.
    own_position
        (n,) mean price position of the user's contacts, 0 without any.
    similar
        Collaborative filtering; None when left out.
    """

    shop: PairShop
    places: Ints
    past: History
    purchase: Floats
    totals: Floats
    category_share: Floats
    brand_share: Floats
    own_position: Floats
    similar: Similar | None

    @property
    def names(self) -> tuple[str, ...]:
        """Features that `matrix` can give."""
        return PLAIN if self.similar is None else EVERYTHING

    def popularity(self) -> Floats:
        """Log share of each item in the weighted contacts before the session's day, (n, items)."""
        totals = self.totals[self.shop.day[self.places]] @ np.array([1.0, 5.0, 10.0]) + 1.0
        return np.asarray(np.log(totals / totals.sum(axis=1, keepdims=True)))

    def matrix(self, row: Ints, item: Ints, names: Sequence[str]) -> Singles:
        """Features of pairs, (len(row), len(names)); `row` counts within `places`."""
        shop, items = self.shop, self.shop.items
        place = self.places[row]
        day = shop.day[place]
        at, touched = self.past.find(row, item)

        def earlier(values: NDArray[np.generic], otherwise: float) -> Floats:
            if not len(values):
                return np.full(len(row), otherwise)
            return np.where(touched, values[at], otherwise).astype(np.float64)

        def session(name: str) -> Floats:
            return np.asarray(shop.frame.column(name)[place])

        def total(kind: int, days: int | None = None) -> Floats:
            until = self.totals[day, item, kind]
            return np.log1p(
                until if days is None else until - self.totals[np.maximum(day - days, 0), item, kind]
            )

        past = self.past
        position = items.price_position[item]
        makers = {
            "purchase_log_odds": lambda: self.purchase[row],
            "log_sessions_before": lambda: np.log1p(session("sessions_before")),
            "coupon_pct": lambda: session("coupon_pct"),
            "days_since_last_session": lambda: np.minimum(session("days_since_last_session"), NEVER),
            "log_views": lambda: total(0),
            "log_carts": lambda: total(1),
            "log_orders": lambda: total(2),
            "log_views_7d": lambda: total(0, RECENT_DAYS),
            "log_carts_7d": lambda: total(1, RECENT_DAYS),
            "log_price": lambda: np.log(items.price[item]),
            "price_position": lambda: position,
            "rating": lambda: items.rating[item],
            "category": lambda: items.category[item],
            "views_before": lambda: earlier(past.views, 0.0),
            "carts_before": lambda: earlier(past.carts, 0.0),
            "orders_before": lambda: earlier(past.orders, 0.0),
            "days_since_item": lambda: earlier(past.days, NEVER),
            "days_left_in_cart": lambda: earlier(past.days_left, NEVER),
            "category_share": lambda: self.category_share[row, items.category[item]],
            "brand_share": lambda: self.brand_share[row, items.brand[item]],
            "price_gap": lambda: np.abs(position - self.own_position[row]),
            "touched": lambda: np.diff(np.searchsorted(past.row, np.arange(past.rows + 1)))[row],
        }
        found = np.empty((len(row), len(names)), dtype=np.float32)
        for column, name in enumerate(names):
            if name in makers:
                found[:, column] = makers[name]()  # type: ignore[no-untyped-call]
            else:
                found[:, column] = getattr(self.similar, name)[row, item]
        return found

    def batches(self, size: int = 256) -> Iterator[tuple[Ints, Ints]]:
        """All pairs, some sessions at a time: yields (row, item)."""
        number = len(self.shop.items)
        for low in range(0, len(self.places), size):
            rows = np.arange(low, min(low + size, len(self.places)))
            yield np.repeat(rows, number), np.tile(np.arange(number), len(rows))


def describe_pairs(shop: PairShop, places: Ints, purchase: Floats, *, collaborative: bool) -> Pairs:
    """Gather what is known of some sessions when they start.

    Parameters
    ----------
    places
        (n,) sessions, as places in the shop.
    purchase
        (n,) log-odds that the session buys.
    collaborative
        Whether to score by collaborative filtering and embeddings too.
    """
    past = history(shop, places)
    weight = np.log1p(past.views + 5.0 * past.carts + 10.0 * past.orders)
    total = np.bincount(past.row, weight, past.rows)
    position = np.bincount(past.row, weight * shop.items.price_position[past.item], past.rows)
    return Pairs(
        shop=shop,
        places=places,
        past=past,
        purchase=purchase,
        totals=daily_totals(shop),
        category_share=shares(past, weight, shop.items.category),
        brand_share=shares(past, weight, shop.items.brand),
        own_position=np.divide(position, total, out=np.zeros_like(total), where=total > 0),
        similar=weekly_similar(shop, places, past) if collaborative else None,
    )


def shares(past: History, weight: Floats, group: Ints) -> Floats:
    """Share of each user's contacts in each group of items, drawn towards an even spread; (rows, groups)."""
    number = int(group.max()) + 1
    key = past.row * number + group[past.item]
    total = np.bincount(key, weight, past.rows * number).reshape(past.rows, number)
    even = np.bincount(group, minlength=number) / len(group)
    return np.asarray((total + PRIOR * even) / (total.sum(axis=1, keepdims=True) + PRIOR))
