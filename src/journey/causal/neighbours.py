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
