"""A value and how far it may lie from the truth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value with its interval at confidence `level`."""

    value: float
    low: float
    high: float
    level: float = 0.95
