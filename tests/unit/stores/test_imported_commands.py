"""`journey import`: the command as a reader runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.foreign_logs import GOOD, MAP, written

from journey.cli import run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "_quarto.yml").write_text("project: {}\n")
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_log_is_proposed_then_imported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = written(project)
    assert run(["import", str(log), "--propose"]) == 0
    assert "To be decided" in capsys.readouterr().err
    assert run(["import", str(log), "--name", "mine"]) == 0
    assert "6 of 6 rows kept" in " ".join(capsys.readouterr().err.split())
    assert (project / "data/stores/mine/raw/manifest.json").is_file()


def test_what_is_wrong_is_one_sentence_and_status_two(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = written(project, GOOD.replace("view", "stare"))
    (project / "shop.toml").write_text(MAP)
    assert run(["import", str(log)]) == 2
    said = capsys.readouterr().err
    assert "line 2, column event: the map does not know the event 'stare' (3)" in said
    assert said.count("\n") == 1
    assert not (project / "data/stores/mine").exists()


@pytest.mark.parametrize("command", ["build", "render", "check"])
def test_a_store_that_was_not_imported_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run([command, "--store", "mine"]) == 2
    assert "there is no store 'mine'" in " ".join(capsys.readouterr().err.split())


def test_a_missing_map_says_how_to_make_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(written(project))]) == 2
    assert "--propose" in capsys.readouterr().err
