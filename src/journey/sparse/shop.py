"""Sessions, items and who touched what: the rows of all targets, from "buys" to "buys this item"."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb
import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.features import FeatureFrame, load_features, split_by_time
from journey.inference.arrays import Floats, Ints

DAY_US = 86_400_000_000
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class Items:
    """What is sold; every array is (items,). Numbers of categories and brands count from 0.

    Attributes
    ----------
    price_position
        Log price in standard deviations from the mean of the category.
    """

    item_id: Ints
    category: Ints
    brand: Ints
    price: Floats
    price_position: Floats
    rating: Floats

    def __len__(self) -> int:
        return len(self.item_id)


@dataclass(frozen=True)
class Contacts:
    """What a session did with an item, one entry a pair, in order of session; (contacts,) arrays.

    Attributes
    ----------
    session, item
        Places of the session and of the item.
    views, carts, orders
        How often it was viewed, put into the cart and bought.
    """

    session: Ints
    item: Ints
    views: Ints
    carts: Ints
    orders: Ints

    def strength(self, weights: tuple[float, float, float] = (1.0, 5.0, 10.0)) -> Floats:
        """Weighted number of views, carts and orders of each contact."""
        return weights[0] * self.views + weights[1] * self.carts + weights[2] * self.orders


@dataclass(frozen=True)
class PairShop:
    """A shop seen as sessions by items. Sessions are in order of time; every session array is (sessions,).

    Attributes
    ----------
    frame
        Features at the start of each session, with user, moment and whether it buys.
    end
        End of each session, datetime64[us].
    period
        0 train, 1 validation, 2 test: by time, as in chapter 05.
    """

    frame: FeatureFrame
    end: NDArray[np.datetime64]
    period: Ints
    items: Items
    contacts: Contacts

    @property
    def start(self) -> NDArray[np.datetime64]:
        """Start of each session: the moment of the prediction."""
        return self.frame.decided_at

    @property
    def day(self) -> Ints:
        """Day of each session, counted from the first."""
        first = self.start.min().astype("datetime64[D]")
        return (self.start.astype("datetime64[D]") - first).astype(np.int64)

    def of_users(self, low: int, high: int) -> PairShop:
        """The shop had it only the users with `low` < user_id <= `high`.

        Raises
        ------
        JourneyError
            When none of them has a session in every period.
        """
        kept = (self.frame.user_id > low) & (self.frame.user_id <= high)
        if len(np.unique(self.period[kept])) < 3:
            raise JourneyError(f"users {low + 1} to {high} have no session in some period; take more users")
        place = np.cumsum(kept) - 1
        mine = kept[self.contacts.session]
        contacts = Contacts(
            place[self.contacts.session[mine]],
            *(getattr(self.contacts, name)[mine] for name in ("item", "views", "carts", "orders")),
        )
        return replace(
            self,
            frame=self.frame.take(kept),
            end=self.end[kept],
            period=self.period[kept],
            contacts=contacts,
        )

    def by_category(self) -> PairShop:
        """The same sessions with categories in the place of items; prices and ratings are means."""
        category, number = self.items.category, int(self.items.category.max()) + 1
        size = np.bincount(category, minlength=number)
        mean = {
            name: np.bincount(category, getattr(self.items, name), number) / size
            for name in ("price", "price_position", "rating")
        }
        key = self.contacts.session * number + category[self.contacts.item]
        found, group = np.unique(key, return_inverse=True)
        totals = (
            np.bincount(group, getattr(self.contacts, name)).astype(np.int64)
            for name in ("views", "carts", "orders")
        )
        none = np.zeros(number, dtype=np.int64)
        places = np.arange(number)
        return replace(
            self,
            items=Items(places + 1, places, none, **mean),
            contacts=Contacts(found // number, found % number, *totals),
        )


def load_shop(connection: duckdb.DuckDBPyConnection) -> PairShop:
    """Read a warehouse with features.

    Raises
    ------
    JourneyError
        When the features have not been built, or a session of theirs is not in `marts.sessions`.
    """
    frame = load_features(connection, "session_start")
    split = split_by_time(frame.decided_at, frame.session_id, frame.user_id)
    period = np.select([split.train, split.validation], [TRAIN, VALIDATION], TEST).astype(np.int64)
    sessions = connection.execute(
        "select session_id, session_end from marts.sessions order by session_id"
    ).fetchnumpy()
    items = connection.execute(
        """
        select
            item_id,
            dense_rank() over (order by category) - 1 as category,
            dense_rank() over (order by brand) - 1 as brand,
            price,
            (ln(price) - avg(ln(price)) over own)
                / greatest(stddev_pop(ln(price)) over own, 1e-9) as position,
            rating,
        from staging.items
        window own as (partition by category)
        order by item_id
        """
    ).fetchnumpy()
    touched = connection.execute(
        """
        select
            session_id,
            item_id,
            count(*) filter (event_type = 'view') as views,
            count(*) filter (event_type = 'add_to_cart') as carts,
            count(*) filter (event_type = 'purchase') as orders,
        from staging.events
        where item_id is not null and event_type in ('view', 'add_to_cart', 'purchase')
        group by session_id, item_id
        """
    ).fetchnumpy()
    known = np.asarray(sessions["session_id"], dtype=np.int64)
    if not np.array_equal(known, np.sort(frame.session_id)):
        raise JourneyError(
            f"the features hold {len(frame):,} sessions, marts.sessions {len(known):,}; run `journey build`"
        )
    place_of = np.argsort(frame.session_id, kind="stable")
    end = np.asarray(sessions["session_end"], dtype="datetime64[us]")
    item_id = np.asarray(items["item_id"], dtype=np.int64)
    session = place_of[np.searchsorted(known, np.asarray(touched["session_id"], dtype=np.int64))]
    item = np.searchsorted(item_id, np.asarray(touched["item_id"], dtype=np.int64))
    order = np.lexsort((item, session))
    counts = (np.asarray(touched[name], dtype=np.int64)[order] for name in ("views", "carts", "orders"))
    return PairShop(
        frame=frame,
        end=end[np.argsort(place_of, kind="stable")],
        period=period,
        items=Items(
            item_id,
            np.asarray(items["category"], dtype=np.int64),
            np.asarray(items["brand"], dtype=np.int64),
            *(np.asarray(items[name], dtype=np.float64) for name in ("price", "position", "rating")),
        ),
        contacts=Contacts(session[order], item[order], *counts),
    )
