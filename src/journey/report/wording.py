"""Words that follow from the numbers: a sentence that could be false in another draw is chosen, not typed.

Every function takes numbers of the ledger and gives text that a page shows as it is.
"""

from __future__ import annotations

from journey.errors import JourneyError
from journey.report.ledger import Figure, PageText

WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def above(number: Figure, bound: float = 0.0) -> bool:
    """Whether a number lies above a bound, with its whole interval where it has one."""
    return (number.value if number.number.low is None else number.number.low) > bound


def below(number: Figure, bound: float = 0.0) -> bool:
    """Whether a number lies below a bound, with its whole interval where it has one."""
    return (number.value if number.number.high is None else number.number.high) < bound


def spans(number: Figure, bound: float = 0.0) -> bool:
    """Whether the interval of a number contains a bound; an error without an interval."""
    return number.low <= bound <= number.high


def say(holds: bool, yes: str, no: str) -> PageText:
    """`yes` where a statement holds, else `no`."""
    return PageText(yes if holds else no)


def side(number: Figure, over: str, open: str, under: str, bound: float = 0.0) -> PageText:
    """The words for a number above a bound, not to be told from it, or below it."""
    return PageText(over if above(number, bound) else under if below(number, bound) else open)


def zero(number: Figure) -> PageText:
    """How an interval lies to zero: `lies above zero`, `contains zero` or `lies below zero`."""
    return side(number, "lies above zero", "contains zero", "lies below zero")


def how_many(holds: list[bool]) -> PageText:
    """Of some statements how many hold: `both`, `all three`, `none`, `one of three`, `two of three`."""
    count, of = sum(holds), len(holds)
    if not 2 <= of < len(WORDS):
        raise JourneyError(f"how_many takes 2 to {len(WORDS) - 1} statements, not {of}")
    if count == of:
        return PageText("both" if of == 2 else f"all {WORDS[of]}")
    return PageText(
        "neither" if (count, of) == (0, 2) else "none" if not count else f"{WORDS[count]} of {WORDS[of]}"
    )


def of_all(part: Figure, whole: Figure) -> PageText:
    """How many of some things, before their noun: `all six`, `none of the six`, `five of the six`."""
    count, of = (
        WORDS[int(each.value)] if 0 < each.value < len(WORDS) else str(each) for each in (part, whole)
    )
    if part.value == whole.value:
        return PageText(f"all {of}")
    return PageText(f"{count if part.value else WORDS[0]} of the {of}")
