"""The inputs of the engine: sufficient statistics of one arm, as SQL aggregates give them.

    select variant, count(*) as n, sum(revenue) as sum, sum(revenue * revenue) as sum_squares ... group by
    variant

The unit is the unit that was randomised, nearly always the user. Statistics of disjoint groups add up (`a +
b`), so a day, a country or a billion rows can be summed before anything is estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from journey.errors import JourneyError
from journey.experiments.inputs import FloatArray, Numeric, numeric, plain, refuse, whole

# Sums of squares in double precision: a relative excess beyond this cannot be rounding.
ROUNDING = 1e-9

Statistics = TypeVar("Statistics", "Sample", "Proportion", "PairedSample")


def _values(name: str, values: Any) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise JourneyError(f"{name} must be an array of numbers") from error
    missing = int((~np.isfinite(array)).sum())
    if missing:
        raise JourneyError(
            f"{name}: {missing} of {array.size} values are missing or infinite; fill or drop them first"
        )
    return array


def _added(left: Statistics, right: Statistics) -> Statistics:
    if type(left) is not type(right):
        raise JourneyError(f"cannot add {type(right).__name__} to {type(left).__name__}")
    return type(left)(*(getattr(left, field.name) + getattr(right, field.name) for field in fields(left)))


def combined(parts: Sequence[Statistics]) -> Statistics:
    """Add the statistics of disjoint groups (days, countries, strata) into those of the whole.

    Raises
    ------
    JourneyError
        When there is no part to add.
    """
    if not parts:
        raise JourneyError("there are no statistics to combine; pass at least one part")
    total = parts[0]
    for part in parts[1:]:
        total = _added(total, part)
    return total


@dataclass(frozen=True)
class Sample:
    """One arm of a metric measured once per unit: revenue, orders, minutes.

    Parameters
    ----------
    n : float or array
        Units in the arm; 0 is allowed (an empty group), but then there is no mean.
    sum : float or array
        Sum of the metric, in its own unit.
    sum_squares : float or array
        Sum of the squared metric.

    Raises
    ------
    JourneyError
        For negative or fractional counts, missing sums, or a sum of squares smaller than sum^2 / n.

    Examples
    --------
    >>> control = Sample(n=3407, sum=1396.87, sum_squares=52377.9767)
    >>> round(control.mean, 4), round(control.variance, 3)
    (0.41, 15.21)
    """

    n: Numeric
    sum: Numeric
    sum_squares: Numeric

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n))
        object.__setattr__(self, "sum", numeric("sum", self.sum))
        object.__setattr__(self, "sum_squares", numeric("sum_squares", self.sum_squares))
        refuse(np.less(self.sum_squares, 0), "sum_squares must not be negative")
        least = np.square(self.sum) / np.maximum(self.n, 1)
        refuse(
            np.greater(least, np.asarray(self.sum_squares) * (1 + ROUNDING)),
            "sum_squares is smaller than sum^2 / n, so n, sum and sum_squares are not of the same rows",
        )

    @classmethod
    def from_values(cls, values: Any) -> Sample:
        """Sufficient statistics of one value per unit, shape (n,)."""
        array = _values("values", values)
        return cls(array.size, float(array.sum()), float(np.square(array).sum()))

    @classmethod
    def from_moments(cls, n: Any, mean: Any, variance: Any) -> Sample:
        """Sufficient statistics from a published mean and variance (denominator n - 1)."""
        units, centre, spread = whole("n", n), numeric("mean", mean), numeric("variance", variance)
        refuse(np.less(spread, 0), "variance must not be negative")
        squares = np.asarray(units) * np.square(centre) + np.maximum(np.asarray(units) - 1, 0) * spread
        return cls(units, plain(np.asarray(units) * centre), plain(squares))

    def __add__(self, other: Sample) -> Sample:
        return _added(self, other)

    @property
    def mean(self) -> Numeric:
        """Mean per unit; an error when the arm is empty."""
        refuse(np.less(self.n, 1), "an arm has no units (n = 0), so it has no mean; check the assignment")
        return plain(np.asarray(self.sum) / self.n)

    @property
    def variance(self) -> Numeric:
        """Sample variance, denominator n - 1; an error below 2 units."""
        refuse(np.less(self.n, 2), "a variance needs at least 2 units per arm; n is 0 or 1")
        n = np.asarray(self.n, dtype=np.float64)
        return plain(np.maximum(0.0, (self.sum_squares - np.square(self.sum) / n) / (n - 1)))


@dataclass(frozen=True)
class Proportion:
    """One arm of a yes-or-no metric: units and how many of them converted.

    Raises
    ------
    JourneyError
        For negative or fractional counts, or more successes than units.

    Examples
    --------
    >>> Proportion(n=200, successes=9).rate
    0.045
    """

    n: Numeric
    successes: Numeric

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n))
        object.__setattr__(self, "successes", whole("successes", self.successes))
        refuse(
            np.greater(self.successes, self.n),
            f"successes must not exceed n; got {self.successes!r} of {self.n!r}",
        )

    @classmethod
    def from_values(cls, values: Any) -> Proportion:
        """Counts of one true/false (or 0/1) value per unit, shape (n,)."""
        array = _values("values", values)
        if not np.isin(array, (0.0, 1.0)).all():
            raise JourneyError("a proportion takes values 0 and 1 only; use Sample for anything else")
        return cls(array.size, float(array.sum()))

    def __add__(self, other: Proportion) -> Proportion:
        return _added(self, other)

    @property
    def rate(self) -> Numeric:
        """Share of units that converted; an error when the arm is empty."""
        refuse(np.less(self.n, 1), "an arm has no units (n = 0), so it has no rate; check the assignment")
        return plain(np.asarray(self.successes) / self.n)

    @property
    def sample(self) -> Sample:
        """The same arm as a mean of zeros and ones."""
        return Sample(self.n, self.successes, self.successes)


@dataclass(frozen=True)
class PairedSample:
    """One arm with two numbers per unit: outcome y and companion x, with their cross-product.

    x is the denominator of a ratio metric (sessions of the user), the size of a cluster, or a covariate
    measured before the experiment (CUPED).

    Parameters
    ----------
    n : float or array
        Units in the arm.
    sum_y, sum_yy : float or array
        Sum and sum of squares of the outcome.
    sum_x, sum_xx : float or array
        Sum and sum of squares of the companion.
    sum_xy : float or array
        Sum of the products x * y.

    Raises
    ------
    JourneyError
        As for `Sample`, and for a cross-product that no set of rows can have (Cauchy-Schwarz).
    """

    n: Numeric
    sum_y: Numeric
    sum_yy: Numeric
    sum_x: Numeric
    sum_xx: Numeric
    sum_xy: Numeric

    def __post_init__(self) -> None:
        outcome = Sample(self.n, self.sum_y, self.sum_yy)
        companion = Sample(self.n, self.sum_x, self.sum_xx)
        for name, value in (("n", outcome.n), ("sum_y", outcome.sum), ("sum_yy", outcome.sum_squares)):
            object.__setattr__(self, name, value)
        for name, value in (("sum_x", companion.sum), ("sum_xx", companion.sum_squares)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "sum_xy", numeric("sum_xy", self.sum_xy))
        limit = np.sqrt(np.asarray(self.sum_xx) * self.sum_yy)
        refuse(
            np.greater(np.abs(self.sum_xy), limit * (1 + ROUNDING)),
            "sum_xy is larger than the sums of squares allow, so the sums are not of the same rows",
        )

    @classmethod
    def from_values(cls, y: Any, x: Any) -> PairedSample:
        """Sufficient statistics of outcome y and companion x, one pair per unit, shapes (n,) and (n,)."""
        outcome, companion = _values("y", y), _values("x", x)
        if outcome.size != companion.size:
            raise JourneyError(
                f"y has {outcome.size} values and x has {companion.size}; they must be of the same units"
            )
        return cls(
            outcome.size,
            float(outcome.sum()),
            float(np.square(outcome).sum()),
            float(companion.sum()),
            float(np.square(companion).sum()),
            float((outcome * companion).sum()),
        )

    def __add__(self, other: PairedSample) -> PairedSample:
        return _added(self, other)

    @property
    def y(self) -> Sample:
        """The outcome alone."""
        return Sample(self.n, self.sum_y, self.sum_yy)

    @property
    def x(self) -> Sample:
        """The companion alone."""
        return Sample(self.n, self.sum_x, self.sum_xx)

    @property
    def covariance(self) -> Numeric:
        """Sample covariance of x and y, denominator n - 1; an error below 2 units."""
        refuse(np.less(self.n, 2), "a covariance needs at least 2 units per arm; n is 0 or 1")
        n = np.asarray(self.n, dtype=np.float64)
        return plain((self.sum_xy - np.asarray(self.sum_x) * self.sum_y / n) / (n - 1))
