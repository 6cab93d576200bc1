"""Sentences that another draw of the shop could make false: their words follow from the numbers.

A sentence is suspect when a number in it lies elsewhere in another draw, to zero or to a number beside it. It
must then choose its words (`say`, `side`, `zero`, `how_many`), or only state the numbers: such sentences were
read, and stand below by their first words.
"""

import itertools
import json
import re

import pytest

from journey.paths import project

NUMBER = re.compile(r"n\.(\w+)\.(\w+)")
CELL = re.compile(r"^```\{python\}.*?^```$", re.MULTILINE | re.DOTALL)
END = re.compile(r"(?<=[.?!])\s+(?=[A-Z*`])")
CHOICE = re.compile(r"`\{python\} (say|side|zero|how_many)\(")
LEVEL = 0.05
#: They state numbers, with intervals, and draw no conclusion that another draw would turn.
READ = (
    'Against the one-line rule "help whoever bought before"',  # what an interval around zero means comes next
    "Under the assumptions, helping at the first cart",
    "The hybrid's lead over ALS alone is not settled",  # said of the draws, not of this one
    "Its NDCG differs from that of ALS by",
    "In the test period it changes the hybrid's NDCG by",
    "Free shipping for everyone: ",
    "`{python} n.causal.covering` of `{python} n.causal.adjusted` adjusted",
    "## The naive difference is wrong; ",
    "Given to the `{python} n.uplift.policy_share` of users",
    "The truth, nearly known here: ",
    "For `{python} n.uplift.qini_unclear` of",
    "A calibrated score has a slope of one",
    "Trees may let the odds bend the order of items",  # the verdict on both changes comes two sentences later
    "Relative to control the share of buyers changes by",
    "Among them free shipping changes the share who buy by",
    "The best share by these data, ",
    "In truth, treating everybody brings",
)


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


def sentences():
    """Page, sentence and ids of all sentences that hold a number."""
    root = project().root
    for page in sorted([*root.glob("chapters/*.qmd"), *root.glob("*.qmd")]):
        for line in CELL.sub("", page.read_text(encoding="utf-8")).splitlines():
            for sentence in END.split(line):
                ids = dict.fromkeys(".".join(parts) for parts in NUMBER.findall(sentence))
                if ids:
                    yield page.name, sentence, list(ids)


def test_words_follow_from_the_numbers(shops):
    typed = []
    for page, sentence, ids in sentences():
        known = [id for id in ids if all(id in shop for shop in shops)]
        first, *others = [places(known, shop) for shop in shops]
        moved = [key for key in first if any(other[key] != first[key] for other in others)]
        if moved and not CHOICE.search(sentence) and not sentence.startswith(READ):
            typed.append(f"{page}: {sentence[:100]} ... {moved}")
    assert typed == []


def test_every_sentence_read_is_still_there():
    found = [sentence for _, sentence, _ in sentences()]
    assert [start for start in READ if not any(sentence.startswith(start) for sentence in found)] == []
