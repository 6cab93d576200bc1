"""Nearest rows on one axis, ties shared, without a loop over rows.

Written here because scikit-learn's search gives a fixed number of nearest rows, where the order of rows would
decide between ties; on one axis a sorted search finds all that are equally near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from journey.causal.study import BoolArray, FloatArray, IntArray

# Positions closer than this are equal: rows with the same covariates must tie whatever the rounding.
DECIMALS = 9


@dataclass(frozen=True)
class Neighbours:
    """The pool rows nearest to every row: one group of tied rows, or two when both sides are equally near."""

    pool: BoolArray
    group: IntArray
    sides: tuple[IntArray, IntArray]
    used: tuple[BoolArray, BoolArray]
    n_matches: IntArray
    distance: FloatArray

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean of `values` over the nearest pool rows, for every row."""
        total = np.bincount(self.group, weights=values[self.pool])
        (left, right), (use_left, use_right) = self.sides, self.used
        return np.asarray((total[left] * use_left + total[right] * use_right) / self.n_matches)

    def uses(self, rows: BoolArray) -> FloatArray:
        """How often each row is the match of one of `rows`; a match shared by m rows counts 1 / m each."""
        share = rows / self.n_matches
        size = int(self.group.max()) + 1
        per_group = np.zeros(size)
        for side, used in zip(self.sides, self.used, strict=True):
            per_group += np.bincount(side, weights=share * used, minlength=size)
        uses = np.zeros(len(rows))
        uses[self.pool] = per_group[self.group]
        return uses


def nearest(position: FloatArray, pool: BoolArray) -> Neighbours:
    """Find the pool rows nearest to every row on one axis.

    Parameters
    ----------
    position
        Place of each row, shape (n,).
    pool
        Rows that may be matched to, shape (n,), at least one.
    """
    place = np.round(position, DECIMALS)
    values, group, count = np.unique(place[pool], return_inverse=True, return_counts=True)
    right = np.searchsorted(values, place)
    left = np.clip(right - 1, 0, len(values) - 1)
    right = np.clip(right, 0, len(values) - 1)
    to_left = np.round(np.abs(place - values[left]), DECIMALS)
    to_right = np.round(np.abs(place - values[right]), DECIMALS)
    best = np.minimum(to_left, to_right)
    use_left = to_left == best
    use_right = (to_right == best) & (right != left)
    n_matches = count[left] * use_left + count[right] * use_right
    return Neighbours(pool, group, (left, right), (use_left, use_right), n_matches, best)


def window_mean(
    position: FloatArray, pool: BoolArray, values: FloatArray, window: int
) -> tuple[FloatArray, int]:
    """Mean of `values` over the `window` pool rows around each row, and the window's size.

    The window is centred by rank and moved inwards at the two ends.
    """
    order = np.argsort(position[pool], kind="stable")
    axis = position[pool][order]
    running = np.r_[0.0, np.cumsum(values[pool][order])]
    size = min(window, len(axis))
    middle = (np.searchsorted(axis, position, "left") + np.searchsorted(axis, position, "right")) // 2
    first = np.clip(middle - size // 2, 0, len(axis) - size)
    return np.asarray((running[first + size] - running[first]) / size), size


def mutual_pairs(position: FloatArray, treated: BoolArray, caliper: float) -> tuple[IntArray, IntArray]:
    """Disjoint treated-control pairs, nearest first, as row indices of equal length.

    In each round every pair whose two rows are each other's nearest is taken; ties go by row order. The
    result is that of taking the globally nearest pair again and again.
    """
    order = np.argsort(position, kind="stable")
    free_treated, free_control = order[treated[order]], order[~treated[order]]
    taken: list[tuple[IntArray, IntArray]] = []
    while len(free_treated) and len(free_control):
        to_control = _nearest_index(position[free_treated], position[free_control])
        to_treated = _nearest_index(position[free_control], position[free_treated])
        mutual = to_treated[to_control] == np.arange(len(free_treated))
        gap = np.abs(position[free_treated] - position[free_control[to_control]])
        pair = np.flatnonzero(mutual & (gap <= caliper))
        hopeless = gap > caliper
        if not len(pair) and not hopeless.any():
            # Tied positions can point in a circle; the nearest pair breaks it.
            pair = np.array([int(gap.argmin())])
        taken.append((free_treated[pair], free_control[to_control[pair]]))
        keep_treated = ~hopeless
        keep_treated[pair] = False
        keep_control = np.ones(len(free_control), dtype=bool)
        keep_control[to_control[pair]] = False
        free_treated, free_control = free_treated[keep_treated], free_control[keep_control]
    if not taken:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate([t for t, _ in taken]), np.concatenate([c for _, c in taken])


def _nearest_index(query: FloatArray, axis: FloatArray) -> IntArray:
    """Index in sorted `axis` nearest to each query; the left one when equally near."""
    right = np.searchsorted(axis, query)
    left = np.clip(right - 1, 0, len(axis) - 1)
    right = np.clip(right, 0, len(axis) - 1)
    return np.where(np.abs(query - axis[left]) <= np.abs(query - axis[right]), left, right)
