"""The author's kit holds no typed figure, cites pages that exist, and changes its words with the numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from journey.paths import project
from journey.report.brief import write_brief
from journey.report.ledger import Numbers

ROOT = project().root
TEMPLATE = ROOT / "src/journey/report/templates/brief.md"


def kit(numbers: Path) -> str:
    return write_brief(Numbers(numbers), "A shop", 3, "https://example.org/")


def test_no_figure_is_typed() -> None:
    text = re.sub(r"\{\{.*?\}\}", "", TEMPLATE.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"chapters/[\w/-]+\.qmd|^\*\*\d+\.", "", text, flags=re.MULTILINE)
    assert not re.findall(r"\d", text)


@pytest.fixture
def numbers() -> Path:
    if not project().numbers.is_file():
        pytest.fail("numbers.json is missing: run `make site` first")
    return project().numbers


def test_it_has_what_it_promises(numbers: Path) -> None:
    text = kit(numbers)
    resume = text.partition("## Four lines")[2].partition("##")[0]
    assert len(re.findall(r"^- ", resume, re.MULTILINE)) == 4
    assert re.findall(r"^\*\*(\d+)\.", text, re.MULTILINE) == [str(number) for number in range(1, 12)]
    cited = re.findall(r"https://example\.org/(chapters/[\w/-]+\.qmd)", text)
    assert len(cited) >= 11
    assert all((ROOT / page).is_file() for page in cited)
    assert max(map(len, text.splitlines())) <= 100


def test_words_follow_the_numbers(numbers: Path, tmp_path: Path) -> None:
    ledger = json.loads(numbers.read_text(encoding="utf-8"))
    for number in ledger["numbers"]:
        if number["id"] == "experiments.rollout_value":
            number |= {"low": 100.0, "high": 300.0, "value": 200.0}
    other = tmp_path / "numbers.json"
    other.write_text(json.dumps(ledger), encoding="utf-8")
    assert "Free shipping: yes or no?** Yes." in kit(other)
    assert "settled: it does." in " ".join(kit(other).split())
