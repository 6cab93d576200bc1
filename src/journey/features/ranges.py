"""What values a feature may take: bounds by its unit, for rows that come from outside.

A test holds them against every row of the warehouse. They are wide on purpose: they find a value in the wrong
unit or column, not an unusual visitor. Everything within them is finite in single precision, which trees use.
"""

from __future__ import annotations

from dataclasses import dataclass

from journey.features.catalogue import FEATURES, NEVER, Feature

MANY = 1e6
#: Unit -> lowest and highest value.
BOUNDS = {
    "days": (0.0, 36_525.0),
    "sessions": (0.0, MANY),
    "events": (0.0, MANY),
    "items": (0.0, MANY),
    "order lines": (0.0, MANY),
    "seconds": (0.0, MANY),
    "EUR": (0.0, MANY),
    "share": (0.0, 1.0),
    "index": (0.0, 1.0),
    "flag": (0.0, 1.0),
    "log points": (-30.0, 30.0),
    "steps": (0.0, 3.0),
    "hour": (0.0, 23.0),
    "day": (1.0, 7.0),
    "years": (0.0, 150.0),
    "percent": (0.0, 100.0),
    "per mille": (0.0, 1000.0),
    "stars": (1.0, 5.0),
}
#: Units of whole numbers; `events` is not among them, since some features are means of events.
WHOLE = ("sessions", "items", "order lines", "flag", "steps", "hour", "day")


@dataclass(frozen=True)
class Range:
    """Values of one feature: from `low` to `high`, both included, and whether only `whole` numbers."""

    low: float
    high: float
    whole: bool

    def __str__(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.low:,.10g} to {self.high:,.10g}"


def range_of(feature: Feature) -> Range:
    """The values that a feature may take; times since something end at `NEVER`."""
    low, high = BOUNDS[feature.unit]
    if feature.unit == "days" and feature.fill == NEVER:
        high = NEVER
    return Range(low, high, feature.unit in WHOLE)


#: Feature -> its range, in the order of the catalogue.
RANGES = {feature.name: range_of(feature) for feature in FEATURES}
