"""Run the stages of the build that are out of date, and say which are.

State is written after every finished stage, so a build that is interrupted resumes where it stopped.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
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
from journey.pipeline.workers import Workers

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
        todo = self.order(selected)
        # Each stage that ends looks at all code again, and finds what is known of unchanged code.
        self.inputs.code.keep()
        with Bars(console) as bars, Workers() as workers, ExitStack() as at_end:
            at_end.callback(self.inputs.code.keep)
            crowd = Crowd(self, bars, workers if self.crowded(todo, workers) else None)
            while stage := crowd.next_of(todo):
                todo.remove(stage)
                if not self.fresh(stage):
                    crowd.begin(stage)
                    ran.append(stage.name)
            crowd.end()
        return ran

    def fresh(self, stage: Stage) -> bool:
        """Whether a stage is up to date, all that it needs being so."""
        return not self.state.changes(stage.name, rests_on(stage, self.inputs)) and not self.state.damages(
            stage.name
        )

    def crowded(self, todo: Sequence[Stage], workers: Workers) -> bool:
        """Whether so much has to run that other processes, which start slowly, pay."""
        stale = self.stale()
        return (
            workers.number > 1
            and sum(bool(each.apart) and each.name in stale for each in todo) > workers.number
        )

    def finish(self, stage: Stage, inputs: dict[str, str], written: Iterable[Path], bars: Bars) -> None:
        """Record what a stage wrote, unless its inputs changed meanwhile."""
        self.inputs.forget()
        if rests_on(stage, self.look()) == inputs:
            self.state.record(stage.name, inputs, written)
        else:
            self.state.drop(stage.name)
            bars.say(f"{stage.title}: its sources changed meanwhile; run the same command again")

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


def in_root(file: Path, root: Path) -> str:
    """A file's path below the root."""
    return file.relative_to(root).as_posix()


class Crowd:
    """The stages of a build that run right now: one here, or several in other processes."""

    def __init__(self, build: Build, bars: Bars, workers: Workers | None) -> None:
        self.build, self.bars, self.workers = build, bars, workers
        self.running: dict[Future[object], tuple[Stage, dict[str, str], Written, Report]] = {}
        #: What was written since the first of those that run, and what of it a stage makes.
        self.since: Written | None = None
        self.claimed: set[Path] = set()

    def next_of(self, todo: Sequence[Stage]) -> Stage | None:
        """The next stage whose needs are met, once there is room for it; None when none is left.

        One that runs here waits until all others are done: what it writes is told apart by time alone.
        """
        while todo:
            waiting = {each.name for each in todo} | {stage.name for stage, *_ in self.running.values()}
            ready = [each for each in todo if not waiting & {*self.build.before[each.name]}]
            apart = [each for each in ready if each.apart and self.workers]
            if apart and len(self.running) < (self.workers.number if self.workers else 0):
                return apart[0]
            if not self.running:
                return ready[0]
            self.wait()
        return None

    def begin(self, stage: Stage) -> None:
        """Run a stage, or start it in another process."""
        inputs, written = rests_on(stage, self.build.inputs), Written(self.build.state.root)
        if self.workers is None or stage.apart is None:
            returned = self.bars.run(stage, self.build.inputs)
            self.finish(stage, returned, inputs, written.since())
            return
        if not self.running:
            self.since, self.claimed = written, set()
        self.running[self.workers.start(stage.apart)] = stage, inputs, written, self.bars.begin(stage)

    def wait(self) -> None:
        """Wait for one of the stages in other processes, and record what it wrote of what it makes.

        Raises
        ------
        JourneyError
            When none is left to wait for and a file was written that no stage says it makes.
        """
        done = Workers.first({*self.running})
        stage, inputs, written, report = self.running.pop(done)
        report(1, 1)
        root = self.build.state.root
        own = [file for file in written.since() if in_root(file, root).startswith(stage.makes)]
        self.finish(stage, done.result(), inputs, own)
        self.claimed |= {*own}
        if not self.running and self.since and (loose := {*self.since.since()} - self.claimed):
            named = in_root(min(loose), root)
            raise JourneyError(f"{named}: no stage says that it makes this file; its `makes` must name it")

    def finish(self, stage: Stage, returned: object, inputs: dict[str, str], written: Iterable[Path]) -> None:
        """Record what a stage wrote, unless it wants to be tried again."""
        if returned is False:
            self.build.inputs.forget()
            self.build.state.drop(stage.name)
        else:
            self.build.finish(stage, inputs, written, self.bars)

    def end(self) -> None:
        """Wait for all."""
        while self.running:
            self.wait()


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

    def begin(self, stage: Stage) -> Report:
        """A bar for a stage; returns what moves it."""
        bar = self.progress.add_task(stage.title, total=None)
        if not self.console.is_terminal:
            self.say(stage.title)
        return lambda done, total: self.progress.update(bar, completed=done, total=total)

    def run(self, stage: Stage, inputs: Inputs) -> object:
        """Run a stage with a bar of its own, and return what it returns."""
        report = self.begin(stage)
        returned = stage.run(report, inputs)
        report(1, 1)
        return returned


def plan(paths: Paths, store: str = "simulated") -> Build:
    """The build of a store as it is now."""
    # Parsed code is a million small objects that stay; the usual search for garbage among them takes a third
    # of the planning.
    gc.set_threshold(100_000)

    return build_of(paths, store, stages(paths, store=store))


def build_of(paths: Paths, store: str, found: Sequence[Stage]) -> Build:
    """The build of some stages of a store as they are now."""

    def look() -> Inputs:
        return Inputs(paths, Code(PACKAGE, paths.processed / ".sights.json"), store)

    return Build(found, State(paths.processed / f".build-{store}.json", paths.root), look)


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
