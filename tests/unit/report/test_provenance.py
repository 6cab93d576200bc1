"""The ledger's page lists what pages print, once each, and every source it names exists."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from journey.inference.estimate import Estimate
from journey.paths import project
from journey.report.ledger import Ledger, Number, Numbers
from journey.report.provenance import ledger_rows, show_ledger, sources

#: a figure that others printed is an input; its source is a publication
PUBLISHED = {"PMC10121810, XGBoost with feature selection and oversampling"}
#: chapters whose numbers all say what they are; a longer label does not fit the card
LABELLED = (
    "audit",
    "causal",
    "customer_value",
    "drift",
    "experiments",
    "funnel",
    "journeys",
    "prediction",
    "recommend",
    "sparse",
    "uplift",
)
LONGEST_LABEL = 70


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "chapters" / "appendix").mkdir(parents=True)
    pages = {
        "index.qmd": "`{python} n.b.one` and `{python} n.b.two.ci`",
        "chapters/01-a.qmd": "`{python} n.a.only`; an f-string {n.a.drawn}; not `xn.a.unused`",
        "chapters/02-b.qmd": "`{python} n.b.one`, `{python} n.b.three`, `{python} n.b.four`",
        "chapters/appendix/extra.qmd": "`{python} n.a.only`",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(f'---\ntitle: "Page {name} <&>"\n---\n\n{text}\n', encoding="utf-8")
    return tmp_path


def numbers(*ids: str) -> list[Number]:
    ledger = Ledger()
    for id in ids:
        ledger.add(id, Estimate(0.5, 0.4, 0.6), "share", source="m.x:f", n=1000)
    return list(ledger)


def test_rows_are_what_pages_name_in_their_order(site: Path) -> None:
    known = numbers("b.three", "a.unused", "a.only", "b.four", "a.drawn", "b.one", "b.two")
    rows = ledger_rows(known, sources(site))
    assert [number.id for number in rows["number"]] == [
        "a.drawn",
        "a.only",
        "b.four",
        "b.one",
        "b.three",
        "b.two",
    ]
    assert rows["home"].tolist() == ["01", "01", "02", "02", "02", "02"]
    assert rows["pages"].tolist() == ["", "extra", "", "summary", "", "summary"]


def test_page_escapes_and_leads_to_each_row(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = sources(site)
    show_ledger(ledger_rows(numbers("a.only", "b.one"), pages), pages)
    printed = capsys.readouterr().out
    assert '<tr id="a.only">' in printed
    assert '<span class="traced" data-number="b.one">50.0%</span>' in printed
    assert "## Page chapters/01-a.qmd \\<\\&\\>" in printed
    assert "<&>" not in printed


def test_every_source_of_the_ledger_exists() -> None:
    paths = project()
    gone = set()
    for number in Numbers(paths.numbers):
        module, _, name = number.source.partition(":")
        if number.source in PUBLISHED or (paths.root / number.source).is_file():
            continue
        if not re.fullmatch(r"journey(\.\w+)+", module):
            gone.add(number.source)
            continue
        found = importlib.import_module(module)
        for part in filter(None, name.split(".")):
            found = getattr(found, part, None)
        if found is None:
            gone.add(number.source)
    assert gone == set()


def test_every_query_of_the_ledger_exists() -> None:
    paths = project()
    library = {file.stem for file in (paths.sql / "analysis").rglob("*.sql")}
    named = {number.query for number in Numbers(paths.numbers) if number.query}
    assert {name for name in named if name not in library and not (paths.root / name).is_file()} == set()


@pytest.mark.parametrize("chapter", LABELLED)
def test_every_number_that_a_page_names_says_what_it_is(chapter: str) -> None:
    paths = project()
    named = ledger_rows(Numbers(paths.results / chapter / "numbers.json"), sources(paths.root))["number"]
    assert len(named) > 0
    poor = {
        number.id: number.label
        for number in named
        if not 0 < len(number.label) <= LONGEST_LABEL or number.label.endswith(".")
    }
    assert poor == {}
    titles = Counter(number.label for number in named)
    assert {label for label, count in titles.items() if count > 1} == set()
