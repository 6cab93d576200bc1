"""The items: prices, ratings, hidden tastes, popularity that drifts, and what goes with what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from journey.stores.simulator import planted
from journey.stores.simulator.draws import derive, normal, pick, root_key, uniform
from journey.stores.simulator.parameters import ShopParameters


@dataclass(frozen=True)
class Catalogue:
    """Items in arrays of length `items`; item number `i` has `item_id` `i + 1`.

    Attributes
    ----------
    category, brand : index into the planted names.
    price : list price on the first day, EUR.
    rating : 1 to 5.
    taste : (items, 8) position in the hidden taste space, float32.
    popularity : log-weight of being looked at.
    price_position : log price in standard deviations within the category, float32.
    launch_day, reprice_day : day of the launch (0: from the start) and of the one price change (or never).
    reprice_factor : factor of that change.
    complement : item that is often bought with it.
    centroids : (categories, 8) centres of the categories in the taste space.
    trend : (3, items) swing, period in days and phase of the slow wave in the popularity.
    """

    category: NDArray[np.int64]
    brand: NDArray[np.int64]
    price: NDArray[np.float64]
    rating: NDArray[np.float64]
    taste: NDArray[np.float32]
    popularity: NDArray[np.float64]
    price_position: NDArray[np.float32]
    launch_day: NDArray[np.int64]
    reprice_day: NDArray[np.int64]
    reprice_factor: NDArray[np.float64]
    complement: NDArray[np.int64]
    centroids: NDArray[np.float64]
    trend: NDArray[np.float64]

    def prices_on(self, day: int) -> NDArray[np.float64]:
        """List prices of a day, EUR, rounded to cents."""
        changed = np.where(day >= self.reprice_day, self.reprice_factor, 1.0)
        return np.round(self.price * changed, 2)

    def shelf_on(self, day: int) -> Shelf:
        """What is on sale on a day, ready for weighted draws."""
        swing, period, phase = self.trend
        log_weight = self.popularity + swing * np.sin(2 * np.pi * (day / period + phase))
        weight = np.where(day >= self.launch_day, np.exp(log_weight), 0.0)
        order = np.argsort(self.category, kind="stable")
        edges = np.concatenate([[0.0], np.cumsum(weight[order])])
        bounds = np.searchsorted(self.category[order], np.arange(len(planted.CATEGORIES) + 1))
        return Shelf(order, edges, edges[bounds])


@dataclass(frozen=True)
class Shelf:
    """Items of one day sorted by category, with cumulative popularity."""

    order: NDArray[np.int64]
    edges: NDArray[np.float64]
    category_edges: NDArray[np.float64]

    def draw(self, category: NDArray[np.int64], draws: NDArray[np.float64]) -> NDArray[np.int64]:
        """Items drawn by popularity within a category; shapes broadcast."""
        low = self.category_edges[category]
        height = self.category_edges[category + 1] - low
        place = np.searchsorted(self.edges, low + draws * height, side="right") - 1
        return self.order[np.minimum(place, len(self.order) - 1)]


def stock(parameters: ShopParameters) -> Catalogue:
    """Draw the items of a shop."""
    count, categories = parameters.items, len(planted.CATEGORIES)
    numbers = np.arange(count)
    keys = derive(root_key(parameters.seed, 1), numbers)
    dimensions = planted.TASTE_DIMENSIONS
    corner = derive(root_key(parameters.seed, 2), np.arange(categories * dimensions))
    centroids = normal(corner, 0).reshape(categories, dimensions)
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)

    # The first items take the categories in turn, so that none is empty.
    category = pick(np.tile(planted.CATEGORY_SHARE, (count, 1)), uniform(keys, 0))
    category[:categories] = np.arange(categories)
    noise = np.stack([normal(keys, 10 + d) for d in range(dimensions)], axis=1) / np.sqrt(dimensions)
    taste = 0.55 * centroids[category] + 0.85 * noise

    price_position = normal(keys, 1)
    price = np.exp(planted.CATEGORY_PRICE[category] + 0.55 * price_position)
    price = np.maximum(np.floor(price) + 0.99, 1.99)
    quality = normal(keys, 2)
    rating = np.clip(np.round(4.0 + 0.45 * quality + 0.1 * normal(keys, 3), 1), 1.0, 5.0)
    rank = np.argsort(np.argsort(-(normal(keys, 4) + 0.5 * quality), kind="stable"), kind="stable")
    popularity = -planted.ZIPF_EXPONENT * np.log(rank + planted.ZIPF_SHIFT)

    later = (uniform(keys, 5) < planted.LAUNCHED_LATER) & (numbers >= categories)
    launch_day = np.where(later, np.floor(uniform(keys, 6) * parameters.days), 0).astype(np.int64)
    repriced = uniform(keys, 7) < planted.REPRICED
    reprice_day = np.where(repriced, 1 + np.floor(uniform(keys, 8) * parameters.days), 1_000_000).astype(
        np.int64
    )
    reprice_factor = 0.82 + 0.36 * uniform(keys, 9)

    partner = (np.arange(categories) + 3) % categories
    trend = np.stack(
        [planted.TREND_SD * normal(keys, 20), 40.0 + 80.0 * uniform(keys, 21), uniform(keys, 22)]
    )
    catalogue = Catalogue(
        category, (uniform(keys, 23) ** 1.5 * len(planted.BRANDS)).astype(np.int64), price, rating,
        taste.astype(np.float32), popularity, price_position.astype(np.float32), launch_day, reprice_day,
        reprice_factor, numbers, centroids, trend,
    )  # fmt: skip
    return replace(catalogue, complement=catalogue.shelf_on(0).draw(partner[category], uniform(keys, 24)))
