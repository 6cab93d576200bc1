"""The inputs of the engine: sufficient statistics of one arm, as SQL aggregates give them.

    select variant, count(*) as n, sum(revenue) as sum, sum(revenue * revenue) as sum_squares ... group by
    variant

The unit is the unit that was randomised, nearly always the user. Statistics of disjoint groups add up (`a +
b`), so a day, a country or a billion rows can be summed before anything is estimated.

Where values are large against their spread, the two sums of such a query cancel: a mean of 1e9 with a
standard deviation of 1 leaves no digit of it. Sums of the values less a number near their mean, the shift,
keep all digits (Chan, Golub and LeVeque 1983); sums that have lost them are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from journey.errors import JourneyError
from journey.experiments.inputs import CANCELLED, FloatArray, Numeric, numeric, plain, refuse, whole

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


def _same_kind(left: Any, right: Any) -> None:
    if type(left) is not type(right):
        raise JourneyError(f"cannot add {type(right).__name__} to {type(left).__name__}")


def _shift_of(values: FloatArray) -> float:
    """A number near the mean; of equal values that value itself, so that nothing is left of them."""
    if values.size == 0:
        return 0.0
    return float(values[0] if (values == values[0]).all() else values.mean())


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
        total = total + part
    return total


@dataclass(frozen=True)
class Sample:
    """One arm of a metric measured once per unit: revenue, orders, minutes.

    Parameters
    ----------
    n : float or array
        Units in the arm; 0 is allowed (an empty group), but then there is no mean.
    sum : float or array
        Sum of the metric less `shift`, in its own unit.
    sum_squares : float or array
        Sum of the squares of the metric less `shift`.
    shift : float or array
        Any number near the mean; 0, the plain sums, does unless the mean is some 10,000 times the spread.

    Raises
    ------
    JourneyError
        For negative or fractional counts, missing sums, or a sum of squares smaller than sum^2 / n.

    Examples
    --------
    >>> control = Sample(n=3407, sum=1396.87, sum_squares=52377.9767)
    >>> round(control.mean, 4), round(control.variance, 3)
    (0.41, 15.21)
    >>> far = Sample(n=3407, sum=1396.87, sum_squares=52377.9767, shift=1e9)
    >>> round(far.mean, 4), round(far.variance, 3)
    (1000000000.41, 15.21)
    """

    n: Numeric
    sum: Numeric
    sum_squares: Numeric
    shift: Numeric = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n))
        for name in ("sum", "sum_squares", "shift"):
            object.__setattr__(self, name, numeric(name, getattr(self, name)))
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
        shift = _shift_of(array)
        return cls(array.size, float((array - shift).sum()), float(np.square(array - shift).sum()), shift)

    def around(self, shift: Any) -> Sample:
        """The same statistics with another shift."""
        by, n = np.asarray(self.shift) - shift, np.asarray(self.n, dtype=np.float64)
        squares = self.sum_squares + 2 * by * self.sum + n * np.square(by)
        return Sample(self.n, plain(self.sum + n * by), plain(squares), plain(shift))

    def __add__(self, other: Sample) -> Sample:
        _same_kind(self, other)
        shift = np.where(np.greater_equal(self.n, other.n), self.shift, other.shift)
        one, two = self.around(shift), other.around(shift)
        return Sample(one.n + two.n, one.sum + two.sum, one.sum_squares + two.sum_squares, plain(shift))

    @property
    def total(self) -> Numeric:
        """Sum of the metric itself."""
        return plain(np.asarray(self.sum) + np.asarray(self.n) * self.shift)

    @property
    def mean(self) -> Numeric:
        """Mean per unit; an error when the arm is empty."""
        refuse(np.less(self.n, 1), "an arm has no units (n = 0), so it has no mean; check the assignment")
        return plain(self.shift + np.asarray(self.sum) / self.n)

    @property
    def variance(self) -> Numeric:
        """Sample variance, denominator n - 1; an error below 2 units, or where the sums have lost it."""
        refuse(np.less(self.n, 2), "a variance needs at least 2 units per arm; n is 0 or 1")
        n, squares = np.asarray(self.n, dtype=np.float64), np.asarray(self.sum_squares)
        centred = np.maximum(0.0, squares - np.square(self.sum) / n)
        # Sums of whole numbers below 2^53 are exact, so what is left of them is too.
        exact = (squares < 2**53) & (squares == np.floor(squares)) & (self.sum == np.floor(self.sum))
        refuse(
            (centred <= CANCELLED * squares) & (squares > 0) & ~exact,
            "the sums cancel: the values are so large against their spread that no digit of it is left; "
            "sum the values less a number near their mean and pass it as the shift",
        )
        return plain(centred / (n - 1))


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
        """Counts of one true/false (or 0/1) value per unit, shape (n,).

        Raises
        ------
        JourneyError
            When a value is neither 0 nor 1.
        """
        array = _values("values", values)
        if not np.isin(array, (0.0, 1.0)).all():
            raise JourneyError("a proportion takes values 0 and 1 only; use Sample for anything else")
        return cls(array.size, float(array.sum()))

    def __add__(self, other: Proportion) -> Proportion:
        _same_kind(self, other)
        return Proportion(self.n + other.n, self.successes + other.successes)

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
        Sum and sum of squares of the outcome less `shift_y`.
    sum_x, sum_xx : float or array
        Sum and sum of squares of the companion less `shift_x`.
    sum_xy : float or array
        Sum of the products of the two.
    shift_y, shift_x : float or array
        As for `Sample`.

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
    shift_y: Numeric = 0.0
    shift_x: Numeric = 0.0

    def __post_init__(self) -> None:
        for side, other in (("y", self.y), ("x", self.x)):
            for name, value in (("sum", other.sum), ("shift", other.shift)):
                object.__setattr__(self, f"{name}_{side}", value)
            object.__setattr__(self, f"sum_{side}{side}", other.sum_squares)
            object.__setattr__(self, "n", other.n)
        object.__setattr__(self, "sum_xy", numeric("sum_xy", self.sum_xy))
        limit = np.sqrt(np.asarray(self.sum_xx) * self.sum_yy)
        refuse(
            np.greater(np.abs(self.sum_xy), limit * (1 + ROUNDING)),
            "sum_xy is larger than the sums of squares allow, so the sums are not of the same rows",
        )

    @classmethod
    def from_values(cls, y: Any, x: Any) -> PairedSample:
        """Sufficient statistics of outcome y and companion x, one pair per unit, shapes (n,) and (n,).

        Raises
        ------
        JourneyError
            When a value is missing, infinite or no number, or `y` and `x` differ in length.
        """
        outcome, companion = _values("y", y), _values("x", x)
        if outcome.size != companion.size:
            raise JourneyError(
                f"y has {outcome.size} values and x has {companion.size}; they must be of the same units"
            )
        first, second = Sample.from_values(outcome), Sample.from_values(companion)
        products = (outcome - first.shift) * (companion - second.shift)
        return cls.of(first, second, float(products.sum()))

    @classmethod
    def of(cls, y: Sample, x: Sample, sum_xy: Any) -> PairedSample:
        """Outcome and companion of the same units, with the sum of products of their shifted values."""
        return cls(y.n, y.sum, y.sum_squares, x.sum, x.sum_squares, sum_xy, y.shift, x.shift)

    def around(self, shift_y: Any, shift_x: Any) -> PairedSample:
        """The same statistics with other shifts."""
        by_y, by_x = np.asarray(self.shift_y) - shift_y, np.asarray(self.shift_x) - shift_x
        products = self.sum_xy + by_y * self.sum_x + by_x * self.sum_y + by_y * by_x * self.n
        return PairedSample.of(self.y.around(shift_y), self.x.around(shift_x), plain(products))

    def __add__(self, other: PairedSample) -> PairedSample:
        _same_kind(self, other)
        y, x = self.y + other.y, self.x + other.x
        products = sum(part.around(y.shift, x.shift).sum_xy for part in (self, other))
        return PairedSample.of(y, x, products)

    @property
    def y(self) -> Sample:
        """The outcome alone."""
        return Sample(self.n, self.sum_y, self.sum_yy, self.shift_y)

    @property
    def x(self) -> Sample:
        """The companion alone."""
        return Sample(self.n, self.sum_x, self.sum_xx, self.shift_x)

    @property
    def covariance(self) -> Numeric:
        """Sample covariance of x and y, denominator n - 1; an error below 2 units."""
        refuse(np.less(self.n, 2), "a covariance needs at least 2 units per arm; n is 0 or 1")
        n = np.asarray(self.n, dtype=np.float64)
        return plain((self.sum_xy - np.asarray(self.sum_x) * self.sum_y / n) / (n - 1))
