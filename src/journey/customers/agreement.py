"""Do two ways to group the same customers agree? The adjusted Rand index, from cross tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats


def cross_table(first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Customers by group of the first (rows) and of the second (columns), both in order of their labels.

    Raises
    ------
    JourneyError
        For no customers, or groupings of different length.
    """
    a, b = np.asarray(first), np.asarray(second)
    if not len(a) or len(a) != len(b):
        raise JourneyError(f"groupings of {len(a):,} and {len(b):,} customers cannot be compared")
    rows, row = np.unique(a, return_inverse=True)
    columns, column = np.unique(b, return_inverse=True)
    counts = np.bincount(row * len(columns) + column, minlength=len(rows) * len(columns))
    return counts.reshape(len(rows), len(columns)).astype(np.int64)


def adjusted_rand(tables: ArrayLike) -> Floats:
    """Adjusted Rand index (Hubert and Arabie 1985) of each cross table, (tables, rows, columns).

    1 for the same groups, 0 for agreement as by chance; 1 where both put all customers into one group.
    """
    cells = np.asarray(tables, dtype=np.float64)

    def pairs(counts: Floats) -> Floats:
        return np.asarray(counts * (counts - 1) / 2)

    together = pairs(cells).sum(axis=(1, 2))
    rows, columns = pairs(cells.sum(axis=2)).sum(axis=1), pairs(cells.sum(axis=1)).sum(axis=1)
    expected = rows * columns / np.maximum(pairs(cells.sum(axis=(1, 2))), 1)
    top, most = together - expected, (rows + columns) / 2 - expected
    return np.divide(top, most, out=np.ones_like(top), where=np.abs(most) > 1e-12)
