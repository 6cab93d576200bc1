"""Ratio metrics with intervals that respect that one user makes several sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError


@dataclass(frozen=True)
class Ratio:
    """Sum of numerators over sum of denominators, with a percentile interval at confidence `level`."""

    value: float
    low: float
    high: float
    level: float
    n_users: int
    denominator: float


def bootstrap_weights(n_users: int, replicates: int, seed: int) -> NDArray[np.float64]:
    """How often each user is drawn in each replicate; shape (replicates, n_users).

    Users, not sessions, are drawn: sessions of one user resemble each other, and drawing sessions would
    make intervals too narrow. Poisson(1) counts stand in for the multinomial draw (Hanley & MacGibbon,
    2006), which keeps the whole bootstrap one matrix product.
    """
    rng = np.random.default_rng(seed)
    return rng.poisson(1.0, size=(replicates, n_users)).astype(np.float64)


def ratio_metrics(
    parts: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Ratio]:
    """Estimate several ratio metrics of the same users in one bootstrap.

    Parameters
    ----------
    parts
        Metric name -> (numerator, denominator), each (n_users,), one entry a user: for example the
        number of buying sessions and the number of sessions.
    replicates, seed, level
        Size, seed and confidence level of the user bootstrap.

    Raises
    ------
    JourneyError
        When a metric has no users, lengths differ, a value is not finite, or denominators sum to zero.

    Examples
    --------
    >>> ratio_metrics({"conversion": ([1, 0, 2], [4, 3, 5])}, replicates=100)["conversion"].value
    0.25
    """
    names = list(parts)
    columns = [np.asarray(side, dtype=np.float64) for name in names for side in parts[name]]
    if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1 or not len(columns[0]):
        raise JourneyError("ratio metrics need at least one user and vectors of one length")
    stacked = np.column_stack(columns)
    if not np.isfinite(stacked).all():
        raise JourneyError("a numerator or denominator is not finite: clean the input first")
    totals = stacked.sum(axis=0)
    for name, denominator in zip(names, totals[1::2], strict=True):
        if denominator <= 0:
            raise JourneyError(f"metric {name!r} has a denominator of {denominator:g}: the segment is empty")
    weights = bootstrap_weights(len(stacked), replicates, seed)
    sums = weights @ stacked
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = sums[:, 0::2] / sums[:, 1::2]
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(draws, [tail, 100 - tail], axis=0)
    values = totals[0::2] / totals[1::2]
    return {
        name: Ratio(
            value=float(values[i]),
            low=float(min(low[i], values[i])),
            high=float(max(high[i], values[i])),
            level=level,
            n_users=len(stacked),
            denominator=float(totals[2 * i + 1]),
        )
        for i, name in enumerate(names)
    }
