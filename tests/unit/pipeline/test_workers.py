"""Stages in other processes: beside each other, after what they need, and gone with the build."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from journey.errors import JourneyError
from journey.files import write_text
from journey.pipeline.run import Build
from journey.pipeline.stage import Stage
from journey.pipeline.state import State, file_digest
from journey.pipeline.workers import Workers

QUIET = Console(quiet=True)
RESULTS = "data/results"
PATIENCE = 30


class Look:
    """Stands for all that a build may read: files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = self

    def forget(self) -> None:
        pass

    def keep(self) -> None:
        pass


def writes(folder: Path, name: str, needs: tuple[str, ...] = (), meets: str | None = None) -> None:
    """Write the process into a file; before that wait for another stage to have begun."""
    write_text(folder / f"begun-{name}", "")
    ends = time.monotonic() + PATIENCE
    while meets and not (folder / f"begun-{meets}").is_file():
        assert time.monotonic() < ends, f"{name} never met {meets}"
        time.sleep(0.01)
    missing = [need for need in needs if not (folder / RESULTS / need / "pid").is_file()]
    if missing:
        raise JourneyError(f"{name} ran before {missing[0]}")
    write_text(folder / RESULTS / name / "pid", str(os.getpid()))


def refuses() -> None:
    raise JourneyError("this stage has nothing to show")


def stage(folder: Path, name: str, needs: tuple[str, ...] = (), meets: str | None = None) -> Stage:
    task = partial(writes, folder, name, needs, meets)
    return made(name, task, needs)


def made(name: str, task: Callable[[], object], needs: tuple[str, ...]) -> Stage:
    def inputs(look: Look) -> dict[str, str]:
        return {"code": name} | {f"{RESULTS}/{need}/": digest(look, need) for need in needs}

    return Stage(name, name, lambda report, look: task(), inputs, (f"{RESULTS}/{name}/",), apart=task)


def digest(look: Look, name: str) -> str:
    return file_digest(look.folder / RESULTS / name / "pid")


def build(stages: list[Stage], folder: Path) -> Build:
    return Build(stages, State(folder / "state", folder), partial(Look, folder))


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_stages_run_beside_each_other_after_what_they_need(tmp_path: Path):
    stages = [
        stage(tmp_path, "last", ("a", "b")),
        stage(tmp_path, "a", meets="b"),
        stage(tmp_path, "b", meets="a"),
    ]
    planned = build(stages, tmp_path)
    assert sorted(planned.run(["last"], QUIET)) == ["a", "b", "last"]
    pids = {name: (tmp_path / RESULTS / name / "pid").read_text() for name in ("a", "b", "last")}
    assert pids["a"] != pids["b"]
    assert str(os.getpid()) not in pids.values()
    outputs = {name: sorted(entry["outputs"]) for name, entry in planned.state.stages.items()}
    assert outputs == {name: [f"{RESULTS}/{name}/pid"] for name in pids}
    assert build(stages, tmp_path).run(["last"], QUIET) == []


def test_one_or_two_stages_run_in_the_build_itself(tmp_path: Path):
    build([stage(tmp_path, "a"), stage(tmp_path, "b")], tmp_path).run(["a", "b"], QUIET)
    assert (tmp_path / RESULTS / "a" / "pid").read_text() == str(os.getpid())


def test_an_error_ends_the_build_and_what_was_done_stays(tmp_path: Path):
    stages = [
        stage(tmp_path, "a"),
        stage(tmp_path, "b"),
        made("c", refuses, ("a", "b")),
    ]
    with pytest.raises(JourneyError, match="this stage has nothing to show"):
        build(stages, tmp_path).run(["c"], QUIET)
    assert set(State(tmp_path / "state", tmp_path).stages) == {"a", "b"}


def test_a_process_that_dies_is_one_sentence():
    with Workers(1) as workers, pytest.raises(JourneyError, match="ended from outside"):
        Workers.first({workers.start(partial(os._exit, 1))})
