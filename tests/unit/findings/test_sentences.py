"""What pages say in words that another draw of the shop could make false.

A sentence with numbers is suspect when one of them lies elsewhere in another draw, to zero or to a number
beside it. It must then choose its words (`say`, `side`, `zero`, `how_many`, `out_of`), or only state the
numbers: such sentences were read, and stand below by their first words. A heading, title, caption or
alternative text without a number names what is shown, or claims something that its predicate holds
(`support/claims_in_words.py`). Every choice of words can turn: numbers are moved until it does.
"""

import itertools
import json
from pathlib import Path

import pandas as pd
import pytest
from support.claims_in_words import DRAWN, ELSEWHERE, FORM, HELD
from support.moved_numbers import Page
from support.wordings import sentences

from journey.paths import project

LEVEL = 0.05
#: They state numbers, with intervals, and draw no conclusion that another draw would turn.
READ = (
    "Free shipping for everyone: ",
    "Its NDCG differs from that of ALS by",  # the heading above says what that means
    "In the hybrid (`{python} n.recommend.mix`) it changes the NDCG",
    "Popular in the last seven days",
    "Relative to control the share of buyers changes by",
    "Naive difference `",
    "Among these users free shipping changes the share who buy by",
    "Here the slope of observed on predicted uplift is",  # the heading above says what that means
    "The slope is `",
    "The best share by these data, ",
    "For everybody [chapter 09](09-experiments.qmd) has `",
    "There it comes to `",
    "The best share is `",
)
#: They choose by what a table holds, not by a number.
FROM_TABLES = (
    "say(bool(learners",
    "say(learners.loc",
    "say(bool((ranked",
    "say(first ==",
    "say(bool(set(moves",
    "say(own",
    "how_many(fits)",
)
NAMED = (Path(__file__).parents[2] / "support" / "named_texts.txt").read_text(encoding="utf-8").splitlines()


def place(number):
    """Where a number lies: its interval to zero, a p value to the level, a text by itself."""
    value, low, high = (number.get(field) for field in ("value", "low", "high"))
    if isinstance(value, str):
        return ""
    if low is not None:
        return "below" if high < 0 else "above" if low > 0 else "around"
    if number["unit"] == "p":
        return "clear" if value < LEVEL else "open"
    return (value > 0) - (value < 0)


def places(ids, shop):
    """How the numbers of a sentence lie to zero and to one another in one shop."""
    found = {id: place(shop[id]) for id in ids}
    for one, other in itertools.combinations(ids, 2):
        a, b = shop[one], shop[other]
        if not isinstance(a["value"], str) and a["unit"] == b["unit"]:
            found[one, other] = (a["value"] > b["value"]) - (a["value"] < b["value"])
    return found


@pytest.fixture(scope="module")
def shops():
    kept = (project().evidence / "other_seeds.json").read_text(encoding="utf-8")
    return list(json.loads(kept)["results"].values())


@pytest.fixture(scope="module")
def ledger():
    if not project().numbers.is_file():
        pytest.fail("numbers.json is missing: run `make site` first")
    found = json.loads(project().numbers.read_text(encoding="utf-8"))["numbers"]
    return {number["id"]: number for number in found}


@pytest.fixture(scope="module")
def texts():
    return list(sentences(project().root))


def wordless(texts):
    """Headings, titles, captions and alternative texts in which nothing is computed."""
    return [each for each in texts if each.kind != "prose" and not each.computed]


def test_words_follow_from_the_numbers(texts, shops):
    typed = []
    for each in texts:
        known = [id for id in each.numbers if all(id in shop for shop in shops)]
        first, *others = [places(known, shop) for shop in shops]
        moved = [key for key in first if any(other[key] != first[key] for other in others)]
        if moved and not each.chosen and not each.text.startswith(READ):
            typed.append(f"{each.page}, {each.kind}: {each.text[:100]} ... {moved}")
    assert typed == []


def test_a_text_without_a_number_names_or_claims_what_holds(texts):
    known = (*FORM, *HELD, *DRAWN, *ELSEWHERE)
    unknown = [
        f"{each.page}, {each.kind}: {each.text}"
        for each in wordless(texts)
        if each.text not in NAMED and not each.text.startswith(known) and not each.text.endswith("?")
    ]
    assert unknown == []


@pytest.mark.parametrize("claim", HELD)
def test_a_claim_in_words_holds_in_the_build_and_in_every_draw(claim, ledger, shops):
    assert HELD[claim](ledger), "does not hold in the build"
    for place, shop in enumerate(shops):
        try:
            holds = HELD[claim](shop)
        except KeyError:  # a number that other draws do not keep
            return
        assert holds, f"does not hold in draw {place + 1}"


@pytest.mark.parametrize("claim", DRAWN)
def test_a_claim_about_a_figure_holds_in_its_table(claim):
    assert DRAWN[claim](lambda name: pd.read_parquet(project().results / f"{name}.parquet"))


def test_nothing_is_listed_that_no_page_says(texts):
    found = [each.text for each in texts]
    listed = (*READ, *HELD, *DRAWN, *ELSEWHERE)
    assert [start for start in listed if not any(text.startswith(start) for text in found)] == []
    assert sorted(set(NAMED) - set(found)) == []
    assert [path for path in ELSEWHERE.values() if not (project().root / path).exists()] == []


@pytest.mark.parametrize("path", sorted(project().root.glob("chapters/*.qmd")), ids=lambda path: path.stem)
def test_every_choice_of_words_can_turn(path, monkeypatch):
    page = Page(path, monkeypatch)
    assert [one for one in page.choices if not one.startswith(FROM_TABLES) and not page.turns(one)] == []
