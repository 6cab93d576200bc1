"""Which items a session is about: category by preference, then item by popularity, taste and price."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from journey.inference.arrays import Floats, Ints
from journey.stores.simulator import planted
from journey.stores.simulator.catalogue import Catalogue, Shelf
from journey.stores.simulator.draws import Keys, pick, uniform
from journey.stores.simulator.intent import Sessions
from journey.stores.simulator.path import ANY_ITEM, FOCUS_OR_SIMILAR, Paths
from journey.stores.simulator.population import Memory, Population

_Prefer = Callable[[Ints, Ints, Keys, int, int, float], Ints]


def choose_items(
    catalogue: Catalogue,
    shelf: Shelf,
    population: Population,
    memory: Memory,
    sessions: Sessions,
    paths: Paths,
    keys: Keys,
) -> tuple[Ints, Ints]:
    """Item number of every event (-1: none), and the item in focus of every session.

    Parameters
    ----------
    keys : key of every event.

    Notes
    -----
    A view takes one of a few items drawn by popularity within a category, with weights
    exp(taste_view * user . item - price_weight * (price position - price target)^2). The item in focus, the
    one that is carted first, follows the same rule with more candidates and `taste_cart`. A session after an
    abandoned cart is often about the item that was left behind.
    """
    users, person = sessions.user, sessions.keys
    wish = memory.wish[users].astype(np.int64)
    recalled = (wish >= 0) & (uniform(person, 20) < planted.RECALL * sessions.abandoned_warmth)
    category = pick(population.category_weight[users].astype(np.float64), uniform(person, 21))
    category = np.where(recalled, catalogue.category[np.maximum(wish, 0)], category)

    def prefer(rows: Ints, wanted: Ints, draws: Keys, label: int, count: int, strength: float) -> Ints:
        candidates = np.stack([shelf.draw(wanted, uniform(draws, label + k)) for k in range(count)], axis=1)
        return _taken(catalogue, population, users[rows], candidates, uniform(draws, label + count), strength)

    everyone = np.arange(len(users))
    focus = prefer(everyone, category, person, 10_000, planted.CART_CANDIDATES, planted.TASTE_CART)
    focus = np.where(recalled, wish, focus)
    lines = _cart_lines(catalogue, focus, person, prefer)

    item = np.full(len(paths.session), -1, dtype=np.int64)
    on_line = paths.about >= 0
    item[on_line] = lines[paths.session[on_line], paths.about[on_line]]
    near = paths.about == FOCUS_OR_SIMILAR
    again = near & (uniform(keys, 30) < planted.FOCUS_REPEATS)
    item[again] = focus[paths.session[again]]
    free = (near & ~again) | (paths.about == ANY_ITEM)
    rows = paths.session[free]
    wanted = category[rows]
    strays = (paths.about[free] == ANY_ITEM) & (uniform(keys[free], 31) > planted.STAYS_IN_CATEGORY)
    elsewhere = population.category_weight[users[rows[strays]]].astype(np.float64)
    wanted[strays] = pick(elsewhere, uniform(keys[free][strays], 32))
    item[free] = prefer(rows, wanted, keys[free], 60, planted.VIEW_CANDIDATES, planted.TASTE_VIEW)
    return item, focus


def _cart_lines(catalogue: Catalogue, focus: Ints, keys: Keys, prefer: _Prefer) -> Ints:
    """Items of the possible lines of each cart, all different; (sessions, most lines)."""
    everyone = np.arange(len(focus))
    always = np.flatnonzero(catalogue.launch_day == 0)
    columns = [focus]
    for line in range(1, planted.MOST_LINES):
        partner = catalogue.complement[columns[-1]]
        other = prefer(
            everyone,
            catalogue.category[partner],
            keys,
            10_100 + 20 * line,
            planted.VIEW_CANDIDATES,
            planted.TASTE_CART,
        )
        column = np.where(uniform(keys, 10_100 + line) < planted.COMPLEMENT, partner, other)
        for _ in range(line):
            taken = np.any([column == earlier for earlier in columns], axis=0)
            following = always[np.searchsorted(always, column, side="right") % len(always)]
            column = np.where(taken, following, column)
        columns.append(column)
    return np.stack(columns, axis=1)


def _taken(
    catalogue: Catalogue,
    population: Population,
    users: Ints,
    candidates: Ints,
    draws: Floats,
    strength: float,
) -> Ints:
    """One candidate per row, drawn by weight; candidates are (rows, count)."""
    match = np.einsum("nd,nkd->nk", population.taste[users], catalogue.taste[candidates])
    misfit = catalogue.price_position[candidates] - population.price_target[users][:, None]
    weight = np.exp(strength * match - planted.PRICE_WEIGHT * misfit * misfit).astype(np.float64)
    return candidates[np.arange(len(users)), pick(weight, draws)]
