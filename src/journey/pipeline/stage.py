"""One step of the build, with the files that it reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Report = Callable[[int, int], None]


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
        Does the work; receives a function that reports (done, total).
    inputs, outputs
        Files. The stage runs when an input's content changed or an output is missing.
    """

    name: str
    title: str
    run: Callable[[Report], object]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]


def code(root: Path, *folders: str) -> tuple[Path, ...]:
    """Source files below `folders` (or files), relative to the project root, in order."""
    found: set[Path] = set()
    for folder in folders:
        path = root / folder
        found.update(path.rglob("*.py") if path.is_dir() else [path])
        found.update(path.rglob("*.sql") if path.is_dir() else [])
    return tuple(sorted(found))
