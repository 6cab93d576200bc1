"""A value and how far it may lie from the truth."""

from __future__ import annotations

from dataclasses import dataclass


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
