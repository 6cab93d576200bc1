"""The difference of two values that were estimated apart, from their intervals."""

from __future__ import annotations

import math

Bounded = tuple[float, float, float]


def independent_difference(one: Bounded, other: Bounded) -> Bounded:
    """Value, low and high of one estimate less another that shares no data with it.

    Parameters
    ----------
    one, other
        Value, low and high of each, at one confidence level.

    Notes
    -----
    Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10, for
    any two intervals (Zou & Donner 2008): distances to the bounds that lie towards each other are added as
    squares. Values on the same rows need paired draws instead.

    Examples
    --------
    >>> independent_difference((0.5, 0.2, 0.7), (0.4, 0.3, 0.8))
    (0.09999999999999998, -0.4, 0.3236067977499789)
    """
    difference = one[0] - other[0]
    return (
        difference,
        difference - math.hypot(one[0] - one[1], other[2] - other[0]),
        difference + math.hypot(one[2] - one[0], other[0] - other[1]),
    )
