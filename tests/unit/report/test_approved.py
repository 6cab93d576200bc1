"""Approved numbers: every difference from them is shown, and renewing them changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.report import approved
from journey.report.approved import Loose, approve, difference_table, read_approved, unapproved
from journey.report.ledger import Ledger

Change = Callable[[dict[str, object]], None]


def ledger(**changes: object) -> Ledger:
    """Two chapters with a number each; `changes` are parts of the first, or of its estimate."""
    made = Ledger()
    bounds = {"low": 0.1, "high": 0.3, "level": 0.95}
    rest = {
        "id": "funnel.bounce_rate",
        "unit": "share",
        "n": 50,
        "label": "Sessions of one event",
        "source": "m:f",
    }
    told = {"value": 0.2} | bounds | rest | changes
    ends = {name: told.pop(name) for name in bounds}
    value = told.pop("value")
    estimate = value if ends["low"] is None else Estimate(value, **ends)  # type: ignore[arg-type]
    made.add(value=estimate, **told)  # type: ignore[arg-type]
    made.add("audit.rule", "a AND NOT b", source="m:g")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    approve(ledger(), tmp_path / "approved")
    return tmp_path / "approved"


def test_one_file_a_chapter_and_one_line_a_number(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["audit.json", "funnel.json"]
    lines = (folder / "funnel.json").read_text(encoding="utf-8").splitlines()
    assert [lines[0], lines[-1], len(lines)] == ["{", "}", 3]
    assert json.loads("{" + lines[1] + "}")["funnel.bounce_rate"]["n"] == 50
    assert unapproved(ledger(), folder) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"value": 0.2000001}, ["value"]),
        ({"value": 0.24}, ["value", "text"]),
        ({"low": 0.12}, ["low", "interval"]),
        ({"high": 0.3 + 1e-8}, ["high"]),
        ({"n": 51}, ["n"]),
        ({"label": "Sessions of two events"}, ["label"]),
        ({"level": 0.9}, ["level"]),
        ({"method": "Wilson"}, ["method"]),
        ({"digits": 2}, ["text", "interval"]),
        ({"dataset": "online_retail"}, ["dataset"]),
        ({"id": "funnel.bounces"}, ["number", "number"]),
        ({"low": None}, ["low", "high", "level", "interval"]),
    ],
)
def test_every_difference_is_found(folder: Path, changes: dict[str, object], what: list[str]) -> None:
    found = unapproved(ledger(**changes), folder)
    assert [each.what for each in found] == what


@pytest.mark.parametrize("changes", [{"value": 0.2 * (1 + 5e-10)}, {"source": "m:moved"}, {"query": "other"}])
def test_rounding_and_where_it_was_computed_do_not_count(folder: Path, changes: dict[str, object]) -> None:
    assert unapproved(ledger(**changes), folder) == []
    before = (folder / "funnel.json").read_bytes()
    assert approve(ledger(**changes), folder) == "All 2 numbers are as approved."
    assert (folder / "funnel.json").read_bytes() == before


def test_a_table_says_what_differs(folder: Path) -> None:
    lines = difference_table(unapproved(ledger(value=0.24), folder)).splitlines()
    assert any(line.split() == ["funnel.bounce_rate", "text", "20.0%", "24.0%"] for line in lines)


def test_renewing_says_what_changed(folder: Path) -> None:
    sentence = approve(ledger(id="funnel.exit_rate"), folder)
    assert sentence == "Approved 2 numbers: 0 changed, 1 new, 1 gone (funnel)."
    assert set(read_approved(folder)) == {"audit.rule", "funnel.exit_rate"}
    assert approve(ledger(id="funnel.exit_rate", n=60), folder) == (
        "Approved 2 numbers: 1 changed, 0 new, 0 gone (funnel)."
    )


def test_a_chapter_that_is_gone_leaves_no_file(folder: Path) -> None:
    rest = Ledger()
    rest.add("audit.rule", "a AND NOT b", source="m:g")
    approve(rest, folder)
    assert [path.name for path in folder.iterdir()] == ["audit.json"]


def test_an_interrupt_leaves_the_old_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(approved.json, "dumps", stop)
    with pytest.raises(KeyboardInterrupt):
        approve(ledger(value=0.25), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["approved"]


def test_what_may_differ_more_is_named_with_its_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loose = Loose(approved.re.compile(r"funnel\.bounce_.*"), 0.1, "a fit that stops early")
    monkeypatch.setattr(approved, "LOOSE", (loose,))
    assert unapproved(ledger(value=0.21), folder) == []
    assert [each.what for each in unapproved(ledger(value=0.25), folder)] == ["value"]
    assert [each.what for each in unapproved(ledger(value=0.21, n=7), folder)] == ["n"]


def test_missing_and_damaged_files_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="run `journey numbers --approve`"):
        read_approved(tmp_path / "nowhere")
    (folder / "funnel.json").write_text("{", encoding="utf-8")
    with pytest.raises(JourneyError, match=r"funnel\.json is damaged .* restore it from version control"):
        read_approved(folder)
