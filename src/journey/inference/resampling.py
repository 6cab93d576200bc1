"""Resampling of units, such as users, as counts of how often each is drawn; and samples of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Scheme: TypeAlias = Literal["multinomial", "poisson"]
RESAMPLE_CELLS = 4_000_000


def resample_counts(
    n_units: int,
    n_boot: int,
    seed: int | np.random.Generator,
    *,
    scheme: Scheme = "multinomial",
    cells: int = RESAMPLE_CELLS,
) -> Iterator[FloatArray]:
    """How often each unit is drawn in each bootstrap resample, in batches of shape (b, n_units).

    The batches hold `n_boot` rows in all, and at most `cells` numbers each, to bound memory. The same seed
    gives the same draws, so that two statistics of the same units can be compared resample by resample.

    Parameters
    ----------
    scheme
        multinomial draws `n_units` units with replacement. poisson draws each unit by itself, one time on
        average (Hanley & MacGibbon 2006): the number of units then varies too, and no draw depends on
        another, so units of several shops can be drawn apart. Ratios differ little between the two.
    """
    rng = np.random.default_rng(seed)
    at_once = max(1, cells // n_units)
    for first in range(0, n_boot, at_once):
        draws = min(at_once, n_boot - first)
        if scheme == "poisson":
            yield rng.poisson(1.0, size=(draws, n_units)).astype(np.float64)
            continue
        chosen = rng.integers(0, n_units, (draws, n_units)) + np.arange(draws)[:, None] * n_units
        counted = np.bincount(chosen.ravel(), minlength=draws * n_units)
        yield counted.reshape(draws, n_units).astype(float)


def sampled_rows(n_rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """At most `most` of `n_rows` rows, drawn at random without replacement, in their order.

    All rows where they are not more than that: nothing is drawn then.
    """
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False))


def bundle_codes(n_units: int, bundles: int, seed: int) -> NDArray[np.int64]:
    """Bundle of each unit, from 0, drawn at random.

    Sums over bundles drawn so vary under resampling as those over units do, and there are fewer to resample.
    """
    return np.random.default_rng(seed).integers(bundles, size=n_units)
