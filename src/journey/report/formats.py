"""Numbers as text, the same everywhere.

A unit decides how a value is written: `share` as a percentage, `points` as percentage points, `eur` as
money, and so on. Text is plain Unicode; nothing here knows about pages.
"""

from __future__ import annotations

import math

from journey.errors import JourneyError

THIN_SPACE = "\u202f"
MINUS = "\u2212"

#: unit -> (scale, default digits, prefix, suffix)
UNITS: dict[str, tuple[float, int, str, str]] = {
    "count": (1, 0, "", ""),
    "ratio": (1, 3, "", ""),
    "share": (100, 1, "", "%"),
    "points": (100, 2, "", f"{THIN_SPACE}pp"),
    "eur": (1, 0, "€", ""),
    "usd": (1, 0, "US$", ""),
    "gbp": (1, 0, "£", ""),
    "seconds": (1, 1, "", f"{THIN_SPACE}s"),
    "minutes": (1, 1, "", f"{THIN_SPACE}min"),
    "days": (1, 1, "", f"{THIN_SPACE}days"),
    "weeks": (1, 1, "", f"{THIN_SPACE}weeks"),
    "p": (1, 3, "", ""),
    "text": (1, 0, "", ""),
}


def format_number(value: float, unit: str = "ratio", digits: int | None = None) -> str:
    """Write `value` in `unit`.

    Parameters
    ----------
    value
        Finite number; a share is between 0 and 1, points are a difference of shares.
    unit
        A key of `UNITS`.
    digits
        Decimals after scaling; the unit's default when omitted.

    Raises
    ------
    JourneyError
        For an unknown unit or a value that is not finite.

    Examples
    --------
    >>> format_number(0.0512, "share")
    '5.1%'
    >>> format_number(-1234567, "eur")
    '\u2212€1,234,567'
    """
    if unit not in UNITS:
        raise JourneyError(f"unknown unit {unit!r}; use one of {', '.join(UNITS)}")
    if not math.isfinite(value):
        raise JourneyError(f"a number must be finite, got {value}")
    scale, default, prefix, suffix = UNITS[unit]
    places = default if digits is None else digits
    if unit == "p" and 0 <= value < 10**-places:
        return f"<{THIN_SPACE}{10**-places:.{places}f}"
    text = f"{abs(value * scale):,.{places}f}"
    negative = value < 0 and float(text.replace(",", "")) != 0
    return f"{MINUS if negative else ''}{prefix}{text}{suffix}"


def format_interval(low: float, high: float, unit: str = "ratio", digits: int | None = None) -> str:
    """Write an interval as `4.9% to 5.4%`."""
    return f"{format_number(low, unit, digits)} to {format_number(high, unit, digits)}"
