"""How far apart are two samples of a variable? Bins, population stability index and largest gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints

MOST_BINS = 10
#: Added to the count of every bin that one of the two samples fills, so that an empty one stays finite.
SMOOTHING = 0.5


@dataclass(frozen=True)
class Bins:
    """How a variable is cut.

    Attributes
    ----------
    name
        Of the variable.
    edges
        Ascending; a number x falls into bin `sum(edges <= x)`.
    categories
        Of a variable of text; the bin after theirs is for text that the reference period does not have.

    The last bin is for missing values, in either period.
    """

    name: str
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of bins, those for unseen categories and for missing values included."""
        return (len(self.categories) if self.categories else len(self.edges)) + 2

    @property
    def ordered(self) -> bool:
        """Whether the bins have an order, as numbers do."""
        return not self.categories

    def __call__(self, values: ArrayLike) -> Ints:
        """Bin of each of (n,) values."""
        missing = pd.isna(np.asarray(values))
        return np.where(missing, self.size - 1, self._place(values)).astype(np.int64)

    def _place(self, values: ArrayLike) -> Ints:
        if self.ordered:
            return np.searchsorted(self.edges, np.asarray(values, dtype=np.float64), side="right")
        text = np.asarray(values).astype(str)
        place = np.minimum(np.searchsorted(self.categories, text), len(self.categories) - 1)
        known = np.asarray(self.categories)[place] == text
        return np.where(known, place, len(self.categories)).astype(np.int64)


def numeric_bins(name: str, values: ArrayLike, most: int = MOST_BINS) -> Bins:
    """Cut numbers of the reference period: one bin a value when they are few, else bins of equal mass.

    A constant gets a bin below, one for itself and one above, so that any change of it is seen. Missing
    values do not count for the cuts.

    Raises
    ------
    JourneyError
        For no values that are known, an infinite one, or fewer than two bins.
    """
    x = _known(name, np.asarray(values, dtype=np.float64))
    if infinite := int(np.isinf(x).sum()):
        raise JourneyError(f"{name}: {infinite} of {len(x)} numbers are infinite; bins need finite ones")
    if most < 2:
        raise JourneyError(f"{name}: {most} bins cannot show a shift; use at least 2")
    distinct = np.unique(x)
    if len(distinct) == 1:
        return Bins(name, (float(x[0]), float(np.nextafter(x[0], np.inf))))
    if len(distinct) <= most:
        return Bins(name, tuple(map(float, distinct[1:])))
    edges = np.unique(np.quantile(x, np.linspace(0, 1, most + 1)[1:-1], method="inverted_cdf"))
    if edges[0] == distinct[0]:
        # Many rows share the lowest value, often a zero: they get a bin of their own.
        edges[0] = distinct[1]
    return Bins(name, tuple(map(float, np.unique(edges))))


def category_bins(name: str, values: ArrayLike) -> Bins:
    """One bin a category of the reference period, one for all others, and one for missing values.

    Raises
    ------
    JourneyError
        For no values that are known.
    """
    return Bins(name, categories=tuple(np.unique(_known(name, np.asarray(values)).astype(str))))


def _known(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Values that are not missing.

    Raises
    ------
    JourneyError
        When `values` are no vector or all missing.
    """
    known = values[~pd.isna(values)]
    if values.ndim != 1 or len(known) == 0:
        raise JourneyError(
            f"{name}: bins need a vector with at least one known value, got shape {values.shape} with "
            f"{len(known)} known"
        )
    return known


def stability_index(reference: ArrayLike, later: ArrayLike, smoothing: float = SMOOTHING) -> Floats:
    """Population stability index of two samples from the counts of their bins.

    Parameters
    ----------
    reference, later
        (..., b) counts.
    smoothing
        Added to every bin that is not empty in both samples.

    Returns
    -------
    (...) float64
        Sum over bins of (q - p) log(q / p), for shares p of the reference and q of the later sample. It is
        infinite when a bin is empty in one sample and `smoothing` is zero.

    Raises
    ------
    JourneyError
        For different numbers of bins, or a sample without rows.

    Notes
    -----
    The symmetrised Kullback-Leibler divergence (Jeffreys 1946). Without a shift its mean is near
    (b - 1) (1 / n + 1 / m) for independent rows (Yurdakul 2018), so it depends on the sizes of the samples.

    Examples
    --------
    >>> round(float(stability_index([50, 50], [60, 40], smoothing=0)), 4)
    0.0405
    """
    first, second = _counts(reference, later)
    used = (first > 0) | (second > 0)
    first, second = (np.where(used, counts + smoothing, 0.0) for counts in (first, second))
    p, q = (counts / counts.sum(axis=-1, keepdims=True) for counts in (first, second))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(used, (q - p) * np.log(q / p), 0.0)
    return np.asarray(terms.sum(axis=-1))


def largest_gap(reference: ArrayLike, later: ArrayLike, *, ordered: bool = True) -> Floats:
    """Largest difference of the cumulative shares of two samples, or of a share when bins have no order.

    Parameters
    ----------
    reference, later
        (..., b) counts.

    Raises
    ------
    JourneyError
        As `stability_index`.
    """
    first, second = _counts(reference, later)
    p, q = (counts / counts.sum(axis=-1, keepdims=True) for counts in (first, second))
    difference = q - p
    if ordered:
        difference = np.cumsum(difference, axis=-1)
    return np.asarray(np.abs(difference).max(axis=-1))


def _counts(reference: ArrayLike, later: ArrayLike) -> tuple[Floats, Floats]:
    first, second = (np.asarray(counts, dtype=np.float64) for counts in (reference, later))
    if first.shape[-1:] != second.shape[-1:]:
        raise JourneyError(f"the samples have {first.shape[-1]} and {second.shape[-1]} bins; cut both alike")
    if not (first.sum(axis=-1) > 0).all() or not (second.sum(axis=-1) > 0).all():
        raise JourneyError("a sample has no rows: a stability index needs some in both periods")
    return first, second


def detectable_share(reference: ArrayLike, place: int, rows: int, limit: float) -> float:
    """Share that one bin must rise to for the stability index of `rows` later rows to reach `limit`.

    The other bins shrink in proportion, and chance is left out: about half of such weeks reach the limit.

    Parameters
    ----------
    reference
        (b,) counts.
    place
        Of the bin.

    Raises
    ------
    JourneyError
        When no share reaches the limit.
    """
    counts = np.asarray(reference, dtype=np.float64)
    shares = counts / counts.sum()
    rest = np.delete(np.arange(len(counts)), place)

    def beyond(share: float) -> float:
        later = np.empty_like(shares)
        later[place], later[rest] = share, shares[rest] * (1 - share) / shares[rest].sum()
        return float(stability_index(counts, later * rows)) - limit

    highest = 1 - 1e-9
    if beyond(highest) < 0 or shares[rest].sum() == 0:
        raise JourneyError(f"no share of the bin reaches a stability index of {limit:g}")
    return float(brentq(beyond, shares[place], highest))
