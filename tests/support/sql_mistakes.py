"""A run over the mistakes in the SQL: which are noticed, which cannot be, which go by unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from support.sql_equivalents import equivalent
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
    """What became of the mistakes of one run."""

    tried: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    equivalent: Counter[str] = field(default_factory=Counter)
    unseen: list[dict[str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Share noticed of the mistakes that run and change something."""
        return self.noticed.total() / self.tried.total()

    def as_json(self) -> dict[str, Any]:
        """Counts by kind, and every mistake that went by unseen."""
        return {
            "tried": self.tried.total(),
            "noticed": self.noticed.total(),
            "refused": self.refused,
            "kinds": {
                kind: {"tried": self.tried[kind], "noticed": self.noticed[kind]}
                for kind in sorted(self.tried)
            },
            "equivalent": dict(sorted(self.equivalent.items())),
            "unseen": self.unseen,
        }


def judged(judge: Judge, tally: Tally, *, every: int = 1, first: int = 0) -> Tally:
    """Judge every `every`-th mistake of all statements, from the `first` on."""
    place = 0
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
        break
    else:
        tally.refused += 1
        return
    why = None if noticed else equivalent(name, mutant)
    if why is not None:
        tally.equivalent[why] += 1
        return
    tally.tried[mutant.kind] += 1
    tally.noticed[mutant.kind] += noticed
    if not noticed:
        tally.unseen.append(described(name, mutant))


def described(name: str, mutant: Mutant) -> dict[str, str]:
    """A mistake in words, long texts cut."""
    told = {
        "statement": name, "within": mutant.within, "kind": mutant.kind,
        "before": mutant.before, "after": mutant.after,
    }  # fmt: skip
    return {key: text if len(text) <= 100 else f"{text[:99]}…" for key, text in told.items()}
