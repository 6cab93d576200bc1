"""A run over the mistakes in the SQL: which are noticed, which go by unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from support.sql_judges import Refused

from journey.studies.sql_mutants import Mutant, mutants, rewritten


class Judge(Protocol):
    """Holds statements and says whether a wrong one in place of a right one is noticed."""

    def statements(self) -> dict[str, str]:
        """Right statements by name."""

    def notices(self, name: str, sql: str) -> bool:
        """Whether a wrong one is noticed; `Refused` when it does not run."""


@dataclass
class Tally:
    """What became of the mistakes of one run: counts by kind, and each that went by unseen."""

    noticed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    unseen: list[tuple[str, Mutant]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What `journey.studies.sql_mistakes` reads."""
        unseen = [{"statement": name, **asdict(mutant), "sql": ""} for name, mutant in self.unseen]
        return {"noticed": dict(self.noticed), "refused": self.refused, "unseen": unseen}


def judged(judge: Judge, *, every: int = 1, first: int = 0) -> Tally:
    """Judge every `every`-th mistake of all statements, from the `first` on."""
    tally, place = Tally(), 0
    for name, sql in judge.statements().items():
        assert not judge.notices(name, rewritten(sql)), f"{name} without a mistake is taken for wrong"
        for alternatives in mutants(sql):
            place += 1
            if (place - 1 - first) % every == 0:
                _count(judge, tally, name, alternatives)
    return tally


def _count(judge: Judge, tally: Tally, name: str, alternatives: Iterator[Mutant]) -> None:
    for mutant in alternatives:
        try:
            noticed = judge.notices(name, mutant.sql)
        except Refused:
            continue
        if noticed:
            tally.noticed[mutant.kind] += 1
        else:
            tally.unseen.append((name, mutant))
        return
    tally.refused += 1
