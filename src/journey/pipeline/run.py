"""Run the stages of the build that are out of date, and say which are.

State is written after every finished stage, so a build that is interrupted resumes where it stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from journey.errors import JourneyError
from journey.paths import Paths
from journey.pipeline.inputs import Inputs
from journey.pipeline.sight import Code
from journey.pipeline.stage import Report, Stage
from journey.pipeline.stages import check_assumptions, stages, write_settings
from journey.pipeline.state import State, Written

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass
class Build:
    """Stages, what they rest on, and what they rested on when they last ran.

    Attributes
    ----------
    look
        Takes all source code and every digest as they are now.
    """

    stages: Sequence[Stage]
    state: State
    look: Callable[[], Inputs]

    @cached_property
    def inputs(self) -> Inputs:
        """What this process runs: code as it was when the build began."""
        return self.look()

    @cached_property
    def before(self) -> dict[str, list[str]]:
        """Stage -> the stages that make what it reads."""
        return {
            stage.name: [
                other.name
                for other in self.stages
                if other is not stage and any(label.startswith(other.makes) for label in labels)
            ]
            for stage in self.stages
            for labels in [rests_on(stage, self.inputs)]
        }

    def order(self, selected: Iterable[str]) -> list[Stage]:
        """The selected stages and all that they need, each after what it needs.

        Raises
        ------
        JourneyError
            For an unknown stage name.
        """
        by_name = {stage.name: stage for stage in self.stages}
        wanted: set[str] = set()
        waiting = list(selected)
        if unknown := [name for name in waiting if name not in by_name]:
            raise JourneyError(f"unknown stage {unknown[0]!r}; stages are {', '.join(by_name)}")
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                wanted.add(name)
                waiting += self.before[name]
        sorter = TopologicalSorter({name: self.before[name] for name in by_name if name in wanted})
        return [by_name[name] for name in sorter.static_order()]

    def run(self, selected: Iterable[str], console: Console) -> list[str]:
        """Run what is out of date of the selected stages and what they need; return what ran.

        A stage whose inputs change while it runs stays out of date.

        Raises
        ------
        JourneyError
            As raised by a stage; also for an unknown stage name.
        """
        ran: list[str] = []
        with Bars(console) as bars, ExitStack() as at_end:
            at_end.callback(self.inputs.code.keep)
            for stage in self.order(selected):
                inputs = rests_on(stage, self.inputs)
                if not self.state.changes(stage.name, inputs) and not self.state.damages(stage.name):
                    continue
                written = Written(self.state.root)
                finished = bars.run(stage, self.inputs)
                ran.append(stage.name)
                self.inputs.forget()
                if finished is False:
                    self.state.drop(stage.name)
                elif rests_on(stage, self.look()) == inputs:
                    self.state.record(stage.name, inputs, written.since())
                else:
                    self.state.drop(stage.name)
                    bars.say(f"{stage.title}: its sources changed meanwhile; run the same command again")
        return ran

    def stale(self) -> dict[str, list[str]]:
        """Stages that are out of date, or rest on one that is, with the labels for which they are."""
        found: dict[str, list[str]] = {}
        for stage in self.order(stage.name for stage in self.stages):
            inputs = rests_on(stage, self.inputs)
            reasons = {*self.state.changes(stage.name, inputs), *self.state.damages(stage.name)}
            reasons |= {label for label in inputs if self.doubtful(label, found)}
            if reasons:
                found[stage.name] = sorted(reasons)
        return found

    def doubtful(self, label: str, stale: dict[str, list[str]]) -> bool:
        """Whether a stage that is out of date may change what a label stands for."""
        return any(
            stage.name in stale and label.startswith(stage.makes) and stage.spreads(stale[stage.name], label)
            for stage in self.stages
            if stage.makes
        )


def rests_on(stage: Stage, inputs: Inputs) -> dict[str, str]:
    """What a stage rests on; what it made itself is none of it."""
    found = stage.inputs(inputs)
    return {
        label: value for label, value in found.items() if not (stage.makes and label.startswith(stage.makes))
    }


class Bars:
    """One progress bar a stage; on a console that is no terminal, one line."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, text: str) -> None:
        """A line beside the bars."""
        self.console.print(text, highlight=False, markup=False)

    def run(self, stage: Stage, inputs: Inputs) -> object:
        """Run a stage with a bar of its own, and return what it returns."""
        bar = self.progress.add_task(stage.title, total=None)
        if not self.console.is_terminal:
            self.say(stage.title)
        report: Report = lambda done, total: self.progress.update(bar, completed=done, total=total)  # noqa: E731
        returned = stage.run(report, inputs)
        self.progress.update(bar, completed=1, total=1)
        return returned


def plan(paths: Paths, store: str = "simulated") -> Build:
    """The build of a store as it is now."""

    def look() -> Inputs:
        return Inputs(paths, Code(PACKAGE, paths.processed / ".sights.json"), store)

    return Build(
        stages(paths, store=store), State(paths.processed / f".build-{store}.json", paths.root), look
    )


def prepare(paths: Paths, store: str = "simulated", parameters: dict[str, Any] | None = None) -> Build:
    """The build of a store, once its settings are written down."""
    if store == "simulated":
        check_assumptions(paths.assumptions)
        write_settings(paths, parameters or {})
    return plan(paths, store)


def build(
    paths: Paths,
    selected: Iterable[str] | None = None,
    *,
    store: str = "simulated",
    parameters: dict[str, Any] | None = None,
    console: Console | None = None,
) -> list[str]:
    """Bring the project's artefacts up to date; return the stages that ran."""
    planned = prepare(paths, store, parameters)
    names = list(selected) if selected is not None else [stage.name for stage in planned.stages]
    return planned.run(names, console or Console(file=sys.stderr))
