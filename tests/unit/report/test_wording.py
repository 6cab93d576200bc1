"""Words chosen by numbers: every branch, and every choice that a page makes."""

import ast
import re

import pytest

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.paths import project
from journey.report.ledger import Figure, Ledger
from journey.report.wording import above, below, how_many, out_of, say, side, spans, zero

INLINE = re.compile(r"`\{python\} ([^`]*)`")


def number(value: float, low: float | None = None, high: float | None = None) -> Figure:
    ledger = Ledger()
    known = value if low is None else Estimate(value, low, high)
    added = ledger.add("a.b", known, "count", label="a", source="tests:number")
    return Figure.of(added)


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((2.0, 1.0, 3.0), "lies above zero"),
        ((0.5, -1.0, 2.0), "contains zero"),
        ((1.0, 0.0, 2.0), "contains zero"),
        ((-2.0, -3.0, -1.0), "lies below zero"),
    ],
)
def test_an_interval_against_zero(interval, words):
    assert zero(number(*interval)) == words


def test_a_bound_of_ones_own():
    assert above(number(2.0, 1.2, 3.0), 1.0)
    assert spans(number(2.0, 0.9, 3.0), 1.0)
    assert below(number(0.5, 0.2, 0.8), 1.0)
    assert side(number(0.5, 0.2, 0.8), "a", "b", "c", bound=1.0) == "c"


def test_a_number_without_interval_counts_as_it_is():
    assert above(number(0.1))
    assert below(number(-0.1))
    with pytest.raises(JourneyError, match=r"a\.b.*without an interval"):
        spans(number(0.1))


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ([True, True], "both"),
        ([False, False], "neither"),
        ([True, False], "one of two"),
        ([True] * 3, "all three"),
        ([False] * 3, "none"),
        ([True, True, False, True], "three of four"),
    ],
)
def test_how_many_hold(holds, words):
    assert how_many(holds) == words


def test_how_many_needs_statements():
    with pytest.raises(JourneyError, match="2 to 10"):
        how_many([True])


@pytest.mark.parametrize(
    ("count", "words"), [(0, "none of the 54 days"), (7, "7 of the 54 days"), (54, "all 54 days")]
)
def test_a_count_among_others(count, words):
    assert out_of(number(count), number(54), "days") == words


def test_a_count_in_words_keeps_its_numbers_askable():
    shown = out_of(number(7), number(54), "days_")._repr_markdown_()
    assert shown == '[7]{.traced data-number="a.b"} of the [54]{.traced data-number="a.b"} days\\_'


def test_say_takes_either():
    assert (say(True, "yes", "no"), say(False, "yes", "no")) == ("yes", "no")


def choices() -> list[tuple[str, str]]:
    root = project().root
    pages = [*root.glob("chapters/**/*.qmd"), root / "index.qmd"]
    return [
        (page.name, text)
        for page in sorted(pages)
        for text in INLINE.findall(page.read_text("utf-8"))
        if text.startswith(("say(", "side("))
    ]


def words_of(call: ast.Call) -> list[str]:
    """The words a choice may end in, those of a choice within it too."""
    words: list[str] = []
    for word in call.args[1:]:
        parts = (word.body, word.orelse) if isinstance(word, ast.IfExp) else (word,)
        for part in parts:
            words += words_of(part) if isinstance(part, ast.Call) else [said(part)]
    return words


def said(part: ast.expr) -> str:
    """A text as it stands in the page, a number or word that it takes from the ledger as a mark."""
    pieces = part.values if isinstance(part, ast.JoinedStr) else [part]
    return "".join(
        "…" if isinstance(piece, ast.FormattedValue) else ast.literal_eval(piece) for piece in pieces
    )


@pytest.mark.parametrize(("page", "text"), choices())
def test_every_choice_of_a_page_has_words_for_each_case(page, text):
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    words = words_of(call)
    assert len(words) >= 2
    assert len(set(words)) == len(words), f"{page}: {text} says the same in two cases"
    ends = {word.strip()[-1:] in ".!?" for word in words if word}
    assert len(ends) == 1, f"{page}: {text}: one wording ends the sentence, another does not"
