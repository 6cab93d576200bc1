"""One step of the build: what it does, what it rests on, and where it writes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from journey.pipeline.inputs import Inputs

Report = Callable[[int, int], None]


def everywhere(reasons: Collection[str], label: str) -> bool:
    """A stage that is out of date puts all that it makes in doubt."""
    return True


@dataclass(frozen=True)
class Stage:
    """One step of the build.

    Attributes
    ----------
    name
        What `journey build NAME` calls it.
    title
        What the progress bar says.
    run
        Does the work; receives a function that reports (done, total), and what the build runs on.
    inputs
        Everything that it rests on: label -> digest of the content.
    makes
        Beginnings of the labels under which others read what it makes.
    spreads
        Given the labels for which it is out of date, whether they put one of what it makes in doubt.
    apart
        The same work as a picklable function without arguments, for a stage that writes only what it `makes`:
        it may run in another process, beside others.
    """

    name: str
    title: str
    run: Callable[[Report, Inputs], object]
    inputs: Callable[[Inputs], dict[str, str]]
    makes: tuple[str, ...] = ()
    spreads: Callable[[Collection[str], str], bool] = everywhere
    apart: Callable[[], object] | None = None
