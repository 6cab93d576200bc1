"""A value and how far it may lie from the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Estimate:
    """A value with its interval.

    Attributes
    ----------
    value, low, high
        The estimate and the bounds of its interval, in the unit of the value.
    level
        Confidence level of the interval.
    n
        Units behind it, such as users, where they are known.
    method
        How the interval was made, in words.
    """

    value: float
    low: float
    high: float
    level: float = 0.95
    n: int | None = None
    method: str | None = None


def scaled(estimate: Estimate, factor: float, less: float = 0.0) -> Estimate:
    """An estimate in another unit, such as money: `factor` times it, less an amount that is known.

    Examples
    --------
    >>> scaled(Estimate(2.0, 1.0, 4.0), 10.0, less=5.0).high
    35.0
    """
    value, one, other = (factor * each - less for each in (estimate.value, estimate.low, estimate.high))
    low, high = (one, other) if factor >= 0 else (other, one)
    return replace(estimate, value=value, low=low, high=high)
