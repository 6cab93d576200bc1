"""The ledger of the build against the approved numbers, and mistakes in findings that must show in it."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from journey.findings.desk import Desk
from journey.findings.experiments import timing
from journey.findings.funnel import collect as funnel
from journey.findings.sparse import pairs
from journey.paths import Paths, approved, project
from journey.report.approved import Difference, difference_table, differences, entries, read_approved
from journey.report.ledger import Numbers
from journey.sparse import TEST, load_shop
from journey.sparse.pairs import describe_pairs
from journey.warehouse.query import query

PATHS = project()
Findings = Callable[[types.ModuleType, Desk], None]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """A build of the shop whose numbers were approved."""
    if not PATHS.numbers.is_file():
        pytest.skip("numbers.json is missing: run `journey numbers`")
    settings = PATHS.raw / "shop.json"
    if settings.is_file() and json.loads(settings.read_text(encoding="utf-8")):
        pytest.skip("the shop was simulated with other settings than the approved one")


def test_the_build_gives_the_approved_numbers() -> None:
    found = differences(read_approved(approved(PATHS)), entries(Numbers(PATHS.numbers)))
    assert not found, (
        f"{len(found)} differences from data/approved; when they are right, run `journey numbers --approve`\n"
        + difference_table(found)
    )


def reminder(module: types.ModuleType, desk: Desk) -> None:
    """The margin of a reminder, from the test sessions alone."""
    shop = load_shop(desk.warehouse)
    places = np.flatnonzero(shop.period == TEST)
    test = describe_pairs(shop, places, np.zeros(len(places)), collaborative=False)
    user = np.unique(shop.frame.user_id[places], return_inverse=True)[1]
    module.add_reminder(desk, types.SimpleNamespace(test=test, user=user))


def looks(module: types.ModuleType, desk: Desk) -> None:
    """The daily looks at free shipping."""
    users = query("experiment_users", desk.warehouse)
    module.add_looks(desk, users[users["experiment"].eq("free_shipping")].reset_index(drop=True))


def metrics(module: types.ModuleType, desk: Desk) -> None:
    """The metrics of the funnel."""
    module.add_metrics(desk, module.by_user(query(module.TOTALS, desk.warehouse)))


def mix(module: types.ModuleType, desk: Desk) -> None:
    """Conversion of the last weeks, split into mix and rate."""
    module.add_mix(desk, query(module.TOTALS, desk.warehouse))


#: Findings, the part that is run, a right line, a wrong one, and the number that must show it
MISTAKES: list[tuple[types.ModuleType, Findings, str, str, str]] = [
    (
        funnel,
        metrics,
        '"bounced_sessions", "sessions"',
        '"bounced_sessions", "visitors"',
        "funnel.bounce_rate",
    ),
    (funnel, mix, '("before", n0,', '("before", n1,', "funnel.late_before"),
    (timing, looks, "p_values < ALPHA", "p_values < 0.20", "experiments.looks_significant"),
    (pairs, reminder, '["shop.gross_margin"]', '["shop.gross_margin"] * 2', "sparse.reminder_margin"),
]


@pytest.mark.parametrize(("module", "part", "right", "wrong", "number"), MISTAKES)
def test_a_wrong_line_in_findings_shows(
    module: types.ModuleType, part: Findings, right: str, wrong: str, number: str, tmp_path: Path
) -> None:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(right) == 1, "the line has moved: write it anew here"
    mistaken = types.ModuleType(module.__name__)
    exec(compile(source.replace(right, wrong), "mistaken", "exec"), mistaken.__dict__)
    assert {each.id for each in shown_by(part, mistaken, tmp_path)} == {number}, "that number and no other"


def shown_by(part: Findings, module: types.ModuleType, folder: Path) -> list[Difference]:
    """What differs from the approved numbers when one part of the findings is computed again."""
    chapter = module.__name__.split(".")[2]
    desk = Desk(chapter, _Elsewhere(PATHS.root, folder))
    part(module, desk)
    built = entries(desk.ledger)
    kept = read_approved(approved(PATHS))
    return differences({id: kept[id] for id in built if id in kept}, built)


@dataclass(frozen=True)
class _Elsewhere(Paths):
    """The project, with results in a folder of the test's own."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder


def test_a_label_says_the_bound_that_the_code_uses() -> None:
    numbers = Numbers(PATHS.numbers)
    assert f"below {timing.ALPHA}" in numbers["experiments.looks_significant"].number.label
    assert numbers["experiments.alpha"].value == timing.ALPHA
    assert f"{timing.POWER:.0%} power" in numbers["experiments.detectable"].number.label
