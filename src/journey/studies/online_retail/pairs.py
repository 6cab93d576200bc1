"""Features of pairs of a customer and a product, from purchases before the decision point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from journey.inference.arrays import Flags, Floats, Ints, Singles
from journey.recommend.als import fit_als
from journey.recommend.scorers import item_cosine
from journey.sparse.collaborative import ALPHA, DIGITS, RANK, REGULARISATION, SEED, SHRINKAGE, SWEEPS
from journey.studies.online_retail.history import KINDS, Known, Purchases

CUSTOMER = (
    "log_orders",
    "days_since_order",
    "days_as_customer",
    "days_between_orders",
    "overdue",
    "orders_12_weeks",
    "orders_4_weeks",
    "products_per_order",
    "log_products",
    "repeat_share",
)
ITEM = (
    "log_buyers",
    "log_orders_4_weeks",
    "log_orders_1_week",
    "growth",
    "days_since_sale",
    "days_on_sale",
    "log_price",
)
PAIR = ("orders_before", "days_since_pair", "share_of_orders", "overdue_pair", "kind_share", "price_gap")
COLLABORATIVE = ("factors", "neighbours")
HISTORY = ("purchase_log_odds", *CUSTOMER, *ITEM, *PAIR)
#: days that stand for "never", longer than the data
NEVER_DAYS = 400.0
MONTH, QUARTER, WEEK = 28, 84, 7
#: purchases at the shop's mix that every customer is given before shares of kinds are taken
PRIOR = 8.0


@dataclass(frozen=True)
class RetailPairs:
    """All that is needed to describe any pair at one decision point.

    Attributes
    ----------
    known
        Customers, products and their purchases before the point.
    customer, item
        (rows, len(CUSTOMER)) and (columns, len(ITEM)) features.
    recent
        (columns,) customers times days with a purchase of the product in the four weeks before.
    kind, kind_share
        (columns,) kind of each product, -1 for none, and (rows, kinds) smoothed shares of the purchases.
    usual_price
        (rows,) mean log price of what the customer had bought.
    """

    known: Known
    customer: Floats
    item: Floats
    recent: Floats
    kind: Ints
    kind_share: Floats
    usual_price: Floats

    @cached_property
    def similar(self) -> dict[str, Singles]:
        """Collaborative filtering on all purchases before the point, set as on the bench; (rows, columns)."""
        strength = self.known.past.strength
        fit = fit_als(
            strength, rank=RANK, alpha=ALPHA, regularisation=REGULARISATION, sweeps=SWEEPS, seed=SEED
        )
        found = {
            "factors": fit.users @ fit.items.T,
            "neighbours": np.asarray(strength @ item_cosine(strength, shrinkage=SHRINKAGE)),
        }
        return {name: np.round(each, DIGITS).astype(np.float32) for name, each in found.items()}

    def popularity(self) -> Floats:
        """Log share of each product in the purchases of the last four weeks, (columns,)."""
        total = self.recent + 1.0
        return np.asarray(np.log(total / total.sum()))

    def matrix(self, row: Ints, item: Ints, log_odds: Floats, names: Sequence[str]) -> Singles:
        """Features of pairs, (n, len(names)).

        Parameters
        ----------
        row, item
            (n,) rows and columns of `known`.
        log_odds
            (rows,) log-odds that each customer orders.
        """
        past = self.known.past
        at, seen = past.find(row, item)
        orders = np.where(seen, past.orders[at], 0).astype(np.float32)
        days = np.where(seen, past.days[at], NEVER_DAYS).astype(np.float32)
        kind = self.kind[item]
        column = {name: place for place, name in enumerate(CUSTOMER)}
        makers = {
            "purchase_log_odds": lambda: log_odds[row],
            "orders_before": lambda: orders,
            "days_since_pair": lambda: days,
            "share_of_orders": lambda: orders / np.expm1(self.customer[row, column["log_orders"]]),
            # Days since the pair, counted in the customer's usual time between two orders.
            "overdue_pair": lambda: days / self.customer[row, column["days_between_orders"]],
            "kind_share": lambda: np.where(kind >= 0, self.kind_share[row, kind], 0.0),
            "price_gap": lambda: np.abs(self.item[item, ITEM.index("log_price")] - self.usual_price[row]),
        }
        found = np.empty((len(row), len(names)), dtype=np.float32)
        for place, name in enumerate(names):
            if name in CUSTOMER:
                found[:, place] = self.customer[row, CUSTOMER.index(name)]
            elif name in ITEM:
                found[:, place] = self.item[item, ITEM.index(name)]
            elif name in COLLABORATIVE:
                found[:, place] = self.similar[name][row, item]
            else:
                found[:, place] = makers[name]()  # type: ignore[no-untyped-call]
        return found

    def batches(self, size: int = 128) -> Iterator[tuple[Ints, Ints]]:
        """All pairs, some customers at a time: yields (row, column)."""
        columns = len(self.known.items)
        for low in range(0, len(self.known.users), size):
            rows = np.arange(low, min(low + size, len(self.known.users)))
            yield np.repeat(rows, columns), np.tile(np.arange(columns), len(rows))


def describe_known(purchases: Purchases, known: Known) -> RetailPairs:
    """Features of the customers and products of a decision point."""
    mine = known.bought
    row = np.searchsorted(known.users, purchases.user[mine])
    column = np.searchsorted(known.items, purchases.item[mine])
    day, rows = purchases.day[mine], len(known.users)
    log_price = np.log(purchases.price[known.items])
    kind = purchases.kind[known.items]
    count = np.bincount(row, minlength=rows)
    named = kind[column] >= 0
    shares = np.bincount(row[named] * len(KINDS) + kind[column[named]], minlength=rows * len(KINDS))
    shares = shares.reshape(rows, len(KINDS))
    mix = (shares.sum(axis=0) + 1.0) / (shares.sum() + len(KINDS))
    return RetailPairs(
        known=known,
        customer=customer_features(known, row, column, day),
        item=item_features(known, column, day, log_price),
        recent=np.bincount(column[day >= known.day - MONTH], minlength=len(known.items)).astype(np.float64),
        kind=kind,
        kind_share=(shares + PRIOR * mix) / (shares.sum(axis=1, keepdims=True) + PRIOR),
        usual_price=np.bincount(row, log_price[column], rows) / np.maximum(count, 1),
    )


def customer_features(known: Known, row: Ints, column: Ints, day: Ints) -> Floats:
    """Features of customers, (rows, len(CUSTOMER)); a customer without purchases gets those of "never"."""
    rows, now = len(known.users), known.day
    orders = pd.DataFrame({"row": row, "day": day}).drop_duplicates()
    by_row = orders.groupby("row")["day"]
    all_rows = np.arange(rows)

    def each(values: pd.Series, otherwise: float) -> Floats:
        return values.reindex(all_rows, fill_value=otherwise).to_numpy(dtype=np.float64)

    number = np.maximum(each(by_row.size(), 0), 1)
    since = now - each(by_row.max(), now - NEVER_DAYS)
    tenure = now - each(by_row.min(), now - NEVER_DAYS)
    # With one order the time since it stands for the time between two.
    between = np.maximum(np.where(number > 1, (tenure - since) / np.maximum(number - 1, 1), tenure), 1.0)
    entries = np.bincount(row, minlength=rows).astype(np.float64)
    products = np.bincount(known.past.row, minlength=rows).astype(np.float64)
    recent = orders["day"].to_numpy()
    place = orders["row"].to_numpy()
    return np.column_stack(
        [
            np.log1p(number),
            since,
            tenure,
            between,
            since / between,
            np.bincount(place[recent >= now - QUARTER], minlength=rows),
            np.bincount(place[recent >= now - MONTH], minlength=rows),
            entries / number,
            np.log1p(products),
            1.0 - products / np.maximum(entries, 1.0),
        ]
    )


def item_features(known: Known, column: Ints, day: Ints, log_price: Floats) -> Floats:
    """Features of products, (columns, len(ITEM))."""
    columns, now = len(known.items), known.day
    first, last = np.full(columns, now), np.zeros(columns, dtype=np.int64)
    np.minimum.at(first, column, day)
    np.maximum.at(last, column, day)

    def sold(low: int, high: int = 0) -> Floats:
        mine = (day >= now - low) & (day < now - high)
        return np.log1p(np.bincount(column[mine], minlength=columns))

    return np.column_stack(
        [
            np.log1p(np.bincount(known.past.item, minlength=columns)),
            sold(MONTH),
            sold(WEEK),
            sold(MONTH) - sold(2 * MONTH, MONTH),
            now - last,
            now - first,
            log_price,
        ]
    )


def sampled(
    positive: Flags, known: Known, *, touched: int, others: int, seed: int
) -> tuple[Ints, Ints, Floats]:
    """All positive pairs of a point and some of the others: rows, columns, and how many each stands for.

    Parameters
    ----------
    positive
        (rows, columns) pairs that are kept whatever happens.
    touched, others
        About how many other pairs to keep of those bought before, and of those never bought.
    """
    seen = np.zeros(positive.shape, dtype=np.bool_)
    seen[known.past.row, known.past.item] = True
    rate = [min(1.0, wanted / max(1, int(part.sum()))) for wanted, part in ((touched, seen), (others, ~seen))]
    chance = np.where(seen, *rate).astype(np.float32)
    chance[positive] = 1.0
    kept = np.random.default_rng(seed).random(positive.shape, dtype=np.float32) < chance
    row, column = np.nonzero(kept)
    return row, column, 1.0 / chance[row, column].astype(np.float64)
