"""Customers with the same history, counted: a likelihood needs each history once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats

WEEK = 7.0


@dataclass(frozen=True)
class Levels:
    """Distinct values of one part of the histories, so that a logarithm is taken once a value.

    Attributes
    ----------
    values
        (l,) ascending.
    place
        (g,) which of them each history has.
    customers
        (l,) customers of each.
    """

    values: Floats
    place: NDArray[np.int64]
    customers: Floats


@dataclass(frozen=True)
class Grouped:
    """Distinct histories: repeat purchases, recency and age in periods, and customers of each; all (g,)."""

    frequency: Floats
    recency: Floats
    age: Floats
    customers: Floats

    @cached_property
    def by_frequency(self) -> Levels:
        """Numbers of repeat purchases."""
        return levels(self.frequency, self.customers)

    @cached_property
    def by_recency(self) -> Levels:
        """Recencies."""
        return levels(self.recency, self.customers)

    @cached_property
    def by_age(self) -> Levels:
        """Ages."""
        return levels(self.age, self.customers)


def levels(values: Floats, customers: Floats) -> Levels:
    """Distinct values and their customers."""
    found, place = np.unique(values, return_inverse=True)
    return Levels(found, place, np.bincount(place, weights=customers).astype(np.float64))


def group(summary: Summary, period_days: float = WEEK, weights: ArrayLike | None = None) -> Grouped:
    """Count customers with the same history.

    Parameters
    ----------
    period_days
        Length of a period: 7 makes rates per week.
    weights
        (n,) how often each customer counts, such as a bootstrap draw; once when omitted.

    Raises
    ------
    JourneyError
        For a history that cannot be, a period that is not positive, or nobody who bought twice.
    """
    x, recency, age = summary.frequency, summary.recency, summary.age
    if period_days <= 0:
        raise JourneyError(
            f"a period of {period_days:g} days is not positive; give the days in a week or month"
        )
    wrong = (x < 0) | (recency < 0) | (recency > age) | ((x == 0) != (recency == 0))
    if wrong.any():
        raise JourneyError(
            f"{int(wrong.sum())} of {len(x)} customers have a history that cannot be: recency must lie "
            f"within the age, and be 0 exactly where nothing was bought again"
        )
    counts = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (x[counts > 0] > 0).any():
        raise JourneyError(
            f"none of {len(x):,} customers bought again, so no rate can be told; use a longer period"
        )
    wide, long = int(x.max()) + 1, int(age.max()) + 1
    keys, place = np.unique((age * long + recency) * wide + x, return_inverse=True)
    return Grouped(
        (keys % wide).astype(np.float64),
        (keys // wide % long) / period_days,
        (keys // wide // long) / period_days,
        np.bincount(place, weights=counts).astype(np.float64),
    )
