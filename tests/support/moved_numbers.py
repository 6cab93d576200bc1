"""A page's choices of words under numbers that are moved: does each choice turn?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.wordings import CELL, CHOICE

import journey.report.chapter as chapter
from journey.report.ledger import Number, Numbers

INLINE = re.compile(r"`\{python\} ([^`]+)`")
FAR = 1e7


class Watched(dict[str, Number]):
    """The numbers of a ledger, some of them moved; remembers which were asked for."""

    def __init__(self, numbers: dict[str, Number]) -> None:
        super().__init__(numbers)
        self.asked: set[str] = set()
        self.moved: dict[str, Number] = {}

    def __getitem__(self, id: str) -> Number:
        self.asked.add(id)
        return self.moved.get(id) or super().__getitem__(id)


def elsewhere(number: Number) -> Iterator[Number]:
    """A number far above, far below, and known as good as not at all; another text for a text."""
    if isinstance(number.value, str):
        yield replace(number, value="Another", text="Another")
        return
    bounded = number.low is not None
    for value in (FAR, -FAR, 0.5):
        low, high = (value - 1e-3, value + 1e-3) if bounded else (None, None)
        yield replace(number, value=value, low=low, high=high)
    if bounded:
        yield replace(number, low=-2 * FAR, high=2 * FAR)


class Page:
    """A page whose set-up and inline expressions can be evaluated again with other numbers."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        text = path.read_text(encoding="utf-8")
        self.setup = next((cell for cell in CELL.findall(text) if "journey.report.chapter" in cell), "")
        self.choices = [
            one for one in dict.fromkeys(INLINE.findall(CELL.sub("", text))) if CHOICE.search(one)
        ]
        self.ledger = Numbers(chapter._paths.numbers)
        self.numbers = Watched(self.ledger._numbers)
        self.ledger._numbers = self.numbers
        monkeypatch.setattr(chapter, "n", self.ledger)

    def words(self, expression: str) -> str:
        """What an expression says with the numbers as they are."""
        names: dict[str, Any] = {}
        exec(self.setup, names)
        self.numbers.asked.clear()
        exec(self.setup, names)
        return str(eval(expression, names))

    def turns(self, expression: str) -> bool:
        """Whether moving one number that it reads, or all of them, changes what it says."""
        self.numbers.moved = {}
        first = self.words(expression)
        asked = sorted(self.numbers.asked)
        ways = {id: [*elsewhere(self.numbers[id])] for id in asked}
        single = [{id: other} for id, way in ways.items() for other in way]
        together = [{id: way[min(kind, len(way) - 1)] for id, way in ways.items()} for kind in range(4)]
        for moved in (*together, *single):
            self.numbers.moved = moved
            try:
                if self.words(expression) != first:
                    return True
            except Exception:  # a set-up that such numbers break says nothing
                continue
        return False
