"""Words that follow from the numbers: a sentence that could be false in another draw is chosen, not typed.

Every function takes numbers of the ledger and gives text that a page shows as it is.
"""

from __future__ import annotations

from typing import Self

from journey.errors import JourneyError
from journey.report.ledger import Figure, PageText
from journey.report.markup import markdown_text

WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Phrase(PageText):
    """Words with numbers of the ledger among them, which a reader can still ask for their source."""

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> Self:
        """Make one text of its parts."""
        made = super().__new__(cls, "".join(parts))
        made.parts = parts
        return made

    def _repr_markdown_(self) -> str:
        return "".join(
            part._repr_markdown_() if isinstance(part, PageText) else markdown_text(part)
            for part in self.parts
        )


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
    """Of some statements how many hold: `both`, `all three`, `none`, `one of three`, `two of three`.

    Raises
    ------
    JourneyError
        For fewer than two statements, and for more than `WORDS` can count.
    """
    count, of = sum(holds), len(holds)
    if not 2 <= of < len(WORDS):
        raise JourneyError(f"how_many takes 2 to {len(WORDS) - 1} statements, not {of}")
    if count == of:
        return PageText("both" if of == 2 else f"all {WORDS[of]}")
    return PageText(
        "neither" if (count, of) == (0, 2) else "none" if not count else f"{WORDS[count]} of {WORDS[of]}"
    )


def out_of(number: Figure, of: Figure, noun: str) -> Phrase:
    """A count among others: `none of the 54 days`, `7 of the 54 days`, `all 54 days`."""
    if number.value == of.value:
        return Phrase("all ", of, f" {noun}")
    return Phrase("none" if not number.value else number, " of the ", of, f" {noun}")
