"""An oracle for recommendations: how likely each item is a user's next cart, from the planted tastes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.evaluation.truth import read_truth, truth_folder
from journey.inference.arrays import Floats, Ints
from journey.stores.simulator import ShopParameters
from journey.stores.simulator.catalogue import Catalogue, stock

#: points of the integral over t = exp(s)
GRID = 220


@dataclass(frozen=True)
class TasteTruth:
    """What decides the first item in the cart of a session.

    Attributes
    ----------
    category_probability
        (users, categories) probability that a session is about the category.
    log_weight
        (users, items) log of the weight that taste and price give an item among its rivals.
    shelf
        (items,) probability of being drawn as a rival within its category.
    category
        (items,) number of the category.
    rivals
        Items that are drawn and compared before one is chosen.
    """

    category_probability: Floats
    log_weight: Floats
    shelf: Floats
    category: Ints
    rivals: int


def taste_truth(store: Path, user_ids: Ints, item_ids: Ints, days: range) -> TasteTruth:
    """Read the planted tastes of some users.

    Parameters
    ----------
    store
        Folder of the simulated shop.
    user_ids, item_ids
        Users and items, in the order wanted.
    days
        Days, counted from the first, over which the popularity is averaged.

    Raises
    ------
    JourneyError
        When the store has no truth, lacks a user or an item, or was made by another version of the simulator.
    """
    planted, catalogue = _catalogue(store)
    items = read_truth(store, "items").set_index("item_id")
    users = read_truth(store, "users").set_index("user_id")
    for table, wanted, name in ((users, user_ids, "user"), (items, item_ids, "item")):
        if len(missing := np.setdiff1d(wanted, table.index)):
            raise JourneyError(
                f"{store}: the truth knows no {name} {missing[0]} ({len(missing)} are missing)"
            )
    dimensions = [f"taste_{number}" for number in range(int(planted["taste_dimensions"]))]
    whole = items.sort_index()[dimensions].to_numpy()
    if whole.shape != catalogue.taste.shape or not np.allclose(whole, catalogue.taste, atol=1e-6):
        raise JourneyError(
            f"{store}: its items are not those of this simulator ({len(whole)} items); run `journey simulate`"
        )
    place = np.asarray(item_ids, dtype=np.int64) - 1
    category = catalogue.category[place]
    own = users.loc[user_ids]
    taste = own[dimensions].to_numpy()
    persona = own["persona"].map({name: code for code, name in enumerate(planted["personas"])}).to_numpy()
    logits = float(planted["taste_category"]) * taste @ catalogue.centroids.T
    logits += np.array(planted["category_by_persona"])[persona] + np.log(planted["category_share"])
    mix = np.exp(logits - logits.max(axis=1, keepdims=True))

    match = taste @ whole[place].T
    misfit = catalogue.price_position[place] - own["price_target"].to_numpy()[:, None]
    shelf = np.mean([_shelf(catalogue, day) for day in days], axis=0)[place]
    return TasteTruth(
        category_probability=mix / mix.sum(axis=1, keepdims=True),
        log_weight=float(planted["taste_cart"]) * match - float(planted["price_weight"]) * misfit**2,
        shelf=shelf,
        category=category,
        rivals=int(planted["cart_candidates"]),
    )


def next_cart_probability(truth: TasteTruth) -> Floats:
    """Probability that a session's first item in the cart is each item, (users, items).

    Notes
    -----
    A session is about a category. There K rivals are drawn by popularity p, with replacement, and one is
    taken with probability w / (w + sum of the others' w). The chance of item i is K p w E[1 / (w + S)], S the
    sum over K - 1 draws. With 1 / a = integral of exp(-t a) over t, it is K p w times the integral of
    exp(-t w) f(t)^(K - 1), f the mean of exp(-t w) over the category: exact up to the grid of t. What the
    user left in a cart, saw or bought before is no part of it, nor are second items in a cart.
    """
    result = np.zeros_like(truth.log_weight)
    # Weights are relative to the category's mean, so that one grid of t serves all.
    step = 42.0 / GRID
    log_t = np.linspace(-20.0 + step / 2, 22.0 - step / 2, GRID)
    for category in range(truth.category_probability.shape[1]):
        members = np.flatnonzero((truth.category == category) & (truth.shelf > 0))
        if not len(members):
            continue
        share = truth.shelf[members]
        log_weight = truth.log_weight[:, members]
        top = log_weight.max(axis=1, keepdims=True)
        weight = np.exp(log_weight - top)
        weight /= weight @ share[:, None]
        chance = np.zeros_like(weight)
        for s in log_t:
            kernel = np.exp(-np.exp(s) * weight)
            others = (kernel @ share) ** (truth.rivals - 1)
            chance += kernel * (others * np.exp(s))[:, None]
        chance *= truth.rivals * share * weight * step
        result[:, members] = chance * truth.category_probability[:, category, None]
    return result


def _shelf(catalogue: Catalogue, day: int) -> Floats:
    """Probability of each item, in its order, of being drawn within its category on a day."""
    shelf = catalogue.shelf_on(day)
    weight = np.empty(len(shelf.order))
    weight[shelf.order] = np.diff(shelf.edges)
    total = np.bincount(catalogue.category, weights=weight)
    return np.asarray(weight / total[catalogue.category], dtype=np.float64)


def _catalogue(store: Path) -> tuple[dict[str, Any], Catalogue]:
    """Planted numbers of the store, and its catalogue drawn again: the trend is in no table.

    Raises
    ------
    JourneyError
        When the parameters of the truth are missing, unreadable or incomplete.
    """
    file = truth_folder(store) / "parameters.json"
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        made = stored["parameters"]
        chosen = {name: made[name] for name in ("users", "items", "days", "seed")}
        return stored["planted"], stock(ShopParameters(**chosen))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JourneyError(
            f"{file}: cannot be read ({error}, 1 file); run `journey simulate` again"
        ) from error
