"""Is an aim reached? What an interval can say of it, which is not always yes or no."""

from __future__ import annotations

from typing import Literal

from journey.errors import JourneyError

Verdict = Literal["met", "missed", "not settled"]


def verdict(low: float, high: float, aim: float) -> Verdict:
    """Whether a value whose interval is `low` to `high` reaches an aim; more is better.

    Returns
    -------
    `met` when the whole interval does, `missed` when none of it does, else `not settled`.

    Raises
    ------
    JourneyError
        When the bounds are the wrong way round or missing.

    Examples
    --------
    >>> verdict(0.929, 0.939, 0.937)
    'not settled'
    """
    if not low <= high:
        raise JourneyError(f"An interval runs from low to high; got {low} and {high}.")
    if low >= aim:
        return "met"
    return "missed" if high < aim else "not settled"
