"""One published figure, or several printed together, and how this project's own functions compare with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike

from journey.errors import JourneyError

#: A half may have been rounded either way, from a number that had itself been rounded.
HALF_UNIT = 0.501

Values = ArrayLike


@dataclass(frozen=True)
class Source:
    """Who published a figure, and where.

    Attributes
    ----------
    name
        Authors, work and place in it.
    address
        Where a reader finds it; https.
    digits_read
        False when the address describes the method, the program or the data, and the digits themselves were
        read elsewhere (a list of known results, another project's tests, memory of a book).
    """

    name: str
    address: str
    digits_read: bool = True


@dataclass(frozen=True)
class Allowance:
    """An accepted difference other than half a unit of the last printed digit, with its reason."""

    size: float
    reason: str
    relative: bool = False


#: Small whole numbers, simple fractions and closed forms.
EXACT = Allowance(1e-12, "exact on both sides")


@dataclass(frozen=True)
class KnownDifference:
    """A figure that is not met: one sentence why, and by which share of the published value at most."""

    why: str
    within: float


@dataclass(frozen=True)
class Published:
    """Figures printed by somebody else, and the call that gives ours on the same input.

    Attributes
    ----------
    topic
        One of `journey.published.TOPICS`.
    id
        Unique, for tests.
    what
        What is compared, in plain words.
    source
        Who printed it.
    printed
        The figures as printed: the digits decide the tolerance.
    compute
        Gives ours: a number, or as many as `printed`. No arguments, no files except committed evidence.
    allowance
        Another tolerance than half a unit of the last printed digit.
    known
        Set when the figure is not met.
    reach
        A score to reach: more than published is as good.
    unit
        `%` or `pp` behind each figure; `compute` gives the number before it.
    """

    topic: str
    id: str
    what: str
    source: Source
    printed: tuple[str, ...]
    compute: Callable[[], Values]
    allowance: Allowance | None = None
    known: KnownDifference | None = None
    reach: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Comparison:
    """An entry with our values.

    Attributes
    ----------
    entry
        What was compared.
    ours
        Our values, in the order printed.
    differences
        Ours minus published.
    tolerances
        Accepted size of each difference.
    met
        Whether each figure is met.
    """

    entry: Published
    ours: tuple[float, ...]
    differences: tuple[float, ...]
    tolerances: tuple[float, ...]
    met: tuple[bool, ...]

    @property
    def verdict(self) -> str:
        """`agrees`, `reached` (a score, passed) or `differs`."""
        if not all(self.met):
            return "differs"
        within = all(abs(d) <= t for d, t in zip(self.differences, self.tolerances, strict=True))
        return "agrees" if within else "reached"

    @property
    def largest(self) -> int:
        """Place of the figure that differs most, in units of its tolerance."""
        pairs = zip(self.differences, self.tolerances, strict=True)
        return int(np.argmax([abs(d) / t for d, t in pairs]))

    @property
    def relative(self) -> float:
        """Largest difference as a share of the published value."""
        pairs = zip(self.differences, self.entry.printed, strict=True)
        return max(abs(d) / abs(value(text)) if value(text) else abs(d) for d, text in pairs)


def value(printed: str) -> float:
    """The number that was printed."""
    return float(printed.replace(",", ""))


def last_digit(printed: str) -> int:
    """Place of the last printed digit: -3 for `2.014`, 0 for `39,906`, -9 for `2.0079e-5`.

    Raises
    ------
    JourneyError
        For NaN and infinity, which have no digits.
    """
    exponent = Decimal(printed.replace(",", "")).as_tuple().exponent
    if not isinstance(exponent, int):
        raise JourneyError(f"{printed!r} is not a published number: give digits")
    return exponent


def tolerance(printed: str, allowance: Allowance | None = None) -> float:
    """Accepted difference: half a unit of the last printed digit, unless another one is allowed."""
    if allowance is None:
        return HALF_UNIT * 10.0 ** last_digit(printed)
    return allowance.size * (abs(value(printed)) if allowance.relative else 1.0)


def compare(entry: Published) -> Comparison:
    """Compute ours and set it beside the published figures.

    Raises
    ------
    JourneyError
        When the call gives another number of values than were printed, or one that is not finite.
    """
    ours = tuple(float(each) for each in np.atleast_1d(np.asarray(entry.compute(), dtype=float)))
    if len(ours) != len(entry.printed):
        raise JourneyError(
            f"published {entry.id}: {len(entry.printed)} figures printed, {len(ours)} computed"
        )
    if not np.isfinite(ours).all():
        raise JourneyError(f"published {entry.id}: ours is {ours}, not finite")
    differences = tuple(mine - value(text) for mine, text in zip(ours, entry.printed, strict=True))
    tolerances = tuple(tolerance(text, entry.allowance) for text in entry.printed)
    met = tuple(abs(d) <= t or (entry.reach and d > 0) for d, t in zip(differences, tolerances, strict=True))
    return Comparison(entry, ours, differences, tolerances, met)
