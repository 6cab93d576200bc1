"""Segments of customers by what they do: standardised behaviour, k-means and a Gaussian mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints

#: starts of k-means; the best of them counts
STARTS = 5


@dataclass(frozen=True)
class Behaviour:
    """Standardised columns: mean 0 and standard deviation 1 over the customers.

    Attributes
    ----------
    points
        (customers, features).
    names
        Name of each feature. A column that is the same for everyone says nothing and is left out.
    left_out
        Names of those.
    mean, spread
        Of all columns, as given; the spread of what is left out is 0.
    """

    points: Floats
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    mean: Floats
    spread: Floats

    def place(self, values: ArrayLike) -> Floats:
        """Other customers on the same scale, (customers, features), from all columns."""
        varies = self.spread > 0
        table = np.asarray(values, dtype=np.float64)
        return np.asarray((table[:, varies] - self.mean[varies]) / self.spread[varies])


@dataclass(frozen=True)
class Segmentation:
    """Groups of customers.

    Attributes
    ----------
    labels
        (customers,) number of the segment, the largest segment being 0.
    centres
        (segments, features) mean of each segment, in standard deviations from the mean of all.
    sizes
        (segments,) customers of each.
    within
        Sum of squared distances to the centres.
    """

    labels: Ints
    centres: Floats
    sizes: Ints
    within: float

    @property
    def k(self) -> int:
        """Number of segments."""
        return len(self.sizes)

    def nearest(self, points: Floats) -> Ints:
        """Segment whose centre is nearest to each customer, (customers,)."""
        distance = ((points[:, None, :] - self.centres[None]) ** 2).sum(axis=2)
        return np.asarray(distance.argmin(axis=1), dtype=np.int64)


def standardise(values: ArrayLike, names: Sequence[str]) -> Behaviour:
    """Give every column mean 0 and standard deviation 1.

    Raises
    ------
    JourneyError
        For values that are not finite, names that do not fit, or when no column varies.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(names):
        raise JourneyError(f"behaviour has shape {table.shape}, but {len(names)} names were given")
    if not np.isfinite(table).all():
        bad = names[int(np.argmin(np.isfinite(table).all(axis=0)))]
        raise JourneyError(f"behaviour {bad!r} is not finite for every one of {len(table):,} customers")
    if not len(table):
        raise JourneyError("there is no customer to describe: choose a longer period")
    spread = table.std(axis=0)
    # A column of equal values ends with a spread of rounding errors.
    varies = spread > 1e-12 * np.maximum(1.0, np.abs(table).max(axis=0))
    if not varies.any():
        raise JourneyError(f"all {len(table):,} customers behave the same: there is nothing to segment")
    mean, spread = table.mean(axis=0), np.where(varies, spread, 0.0)
    kept = tuple(name for name, use in zip(names, varies, strict=True) if use)
    left_out = tuple(name for name in names if name not in kept)
    points = (table[:, varies] - mean[varies]) / spread[varies]
    return Behaviour(points, kept, left_out, mean, spread)


def k_means(points: Floats, k: int, *, seed: int = 0, starts: int = STARTS) -> Segmentation:
    """Cut customers into k segments, each around its mean (Lloyd's algorithm, k-means++ starts).

    Raises
    ------
    JourneyError
        When there are fewer different customers than segments.
    """
    _check_number(points, k)
    fitted = KMeans(k, n_init=starts, random_state=seed).fit(points)
    return ordered(points, fitted.labels_)


def gaussian_mixture(points: Floats, k: int, *, seed: int = 0, starts: int = 1) -> tuple[Segmentation, float]:
    """Segments as the components of a Gaussian mixture with a covariance each, and its BIC (less is better).

    Raises
    ------
    JourneyError
        As for `k_means`.

    Notes
    -----
    A little is added to the variances: shares of a few visits take few values, and a component that sits on
    one of them would have a density without bound.
    """
    _check_number(points, k)
    fitted = GaussianMixture(k, n_init=starts, reg_covar=1e-2, random_state=seed).fit(points)
    return ordered(points, fitted.predict(points)), float(fitted.bic(points))


def ordered(points: Floats, labels: ArrayLike) -> Segmentation:
    """Number segments by size, the largest first, and describe them; empty ones disappear."""
    _, place, sizes = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    number = np.empty(len(sizes), dtype=np.int64)
    number[order] = np.arange(len(sizes))
    mine = number[place]
    sums = np.zeros((len(sizes), points.shape[1]))
    np.add.at(sums, mine, points)
    centres = sums / sizes[order][:, None]
    within = float(((points - centres[mine]) ** 2).sum())
    return Segmentation(mine, centres, sizes[order].astype(np.int64), within)


def _check_number(points: Floats, k: int) -> None:
    different = len(np.unique(points, axis=0))
    if not 1 <= k <= different:
        raise JourneyError(
            f"{k} segments cannot be made of {len(points):,} customers, {different:,} of them different"
        )
