"""The build as a graph of stages, each with the files it reads and writes.

`doit` decides what is out of date from file contents; this module only names the stages. State is
written after every finished stage, so a build that is interrupted resumes where it stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from doit.cmd_base import ModuleTaskLoader
from doit.dependency import JsonDB
from doit.doit_cmd import DoitMain
from doit.reporter import ZeroReporter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from journey.errors import JourneyError
from journey.files import write_text
from journey.paths import Paths
from journey.pipeline.stage import Stage
from journey.pipeline.stages import stages


class DurableState(JsonDB):
    """doit's state file, replaced whole after every finished stage."""

    def _load(self) -> dict[str, Any]:
        try:
            return super()._load()
        except Exception:
            # Losing the state costs a rebuild, never a wrong result.
            return {}

    def dump(self) -> None:
        """Write the state in one step."""
        write_text(Path(self.name), self.codec.encode(self._db))

    def set(self, task_id: str, dependency: str, value: object) -> None:
        """Store one entry; `deps:` is the last of a finished stage."""
        super().set(task_id, dependency, value)
        if dependency == "deps:":
            self.dump()


def run_stages(stages: Sequence[Stage], selected: Iterable[str], state: Path, console: Console) -> list[str]:
    """Run the selected stages and what they need; return the names of those that ran.

    Raises
    ------
    JourneyError
        As raised by a stage; also for an unknown stage name.
    """
    by_name = {stage.name: stage for stage in stages}
    names = list(selected)
    if unknown := [name for name in names if name not in by_name]:
        raise JourneyError(f"unknown stage {unknown[0]!r}; stages are {', '.join(by_name)}")
    failures: list[BaseException] = []
    ran: list[str] = []
    live = console.is_terminal

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not live,
    ) as bars:

        def action(stage: Stage) -> Callable[[], bool]:
            def act() -> bool:
                bar = bars.add_task(stage.title, total=None)
                if not live:
                    console.print(stage.title)

                def report(done: int, total: int) -> None:
                    bars.update(bar, completed=done, total=total)

                try:
                    stage.run(report)
                except Exception as error:
                    failures.append(error)
                    return False
                bars.update(bar, completed=1, total=1)
                ran.append(stage.name)
                return True

            return act

        def tasks() -> Iterable[dict[str, Any]]:
            for stage in stages:
                yield {
                    "basename": stage.name,
                    "actions": [action(stage)],
                    "file_dep": [str(path) for path in stage.inputs],
                    "targets": [str(path) for path in stage.outputs],
                    "verbosity": 2,
                }

        settings = {
            "GLOBAL": {
                "backend": "durable",
                "dep_file": str(state),
                "reporter": ZeroReporter,
                "check_file_uptodate": "md5",
            },
            "BACKEND": {"durable": f"{__name__}:DurableState"},
        }
        state.parent.mkdir(parents=True, exist_ok=True)
        main = DoitMain(ModuleTaskLoader({"task_all": tasks}), config_filenames=(), extra_config=settings)
        status = main.run(["run", *names])
    if failures:
        raise failures[0]
    if status != 0:
        raise JourneyError(f"the build stopped early (status {status}); see the message above")
    return ran


def build(
    paths: Paths,
    selected: Iterable[str] | None = None,
    *,
    store: str = "simulated",
    parameters: dict[str, Any] | None = None,
    console: Console | None = None,
) -> list[str]:
    """Bring the project's artefacts up to date; return the stages that ran."""
    graph = stages(paths, store=store, parameters=parameters or {})
    names = list(selected) if selected is not None else [graph[-1].name]
    return run_stages(
        graph, names, paths.processed / f".build-{store}.json", console or Console(file=sys.stderr)
    )
