"""One build at a time in a checkout, and nothing left of builds that were killed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from journey.paths import Paths

try:
    import fcntl
except ModuleNotFoundError:
    fcntl = None  # type: ignore[assignment]

#: Set for what a build starts itself, such as Quarto, which starts a build again.
VARIABLE = "JOURNEY_LOCK"
#: What `journey.files.replacing` makes beside its target, and the renderer among what it keeps.
LEFT = re.compile(r"\..+\.[a-z0-9_]{8}")


@contextmanager
def alone(paths: Paths, console: Console) -> Iterator[None]:
    """Wait until no other build of this checkout runs; then clear away what killed ones left.

    A process that dies lets go of the lock. On Windows, which has no such lock, nothing is cleared away.
    """
    if fcntl is None or os.environ.get(VARIABLE):
        yield
        return
    paths.processed.mkdir(parents=True, exist_ok=True)
    with (paths.processed / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("Another build of this checkout is running; waiting for it to end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        remove_left(paths)
        os.environ[VARIABLE] = "held"
        try:
            yield
        finally:
            del os.environ[VARIABLE]


def remove_left(paths: Paths) -> None:
    """Remove the folders in which a killed build was making something."""
    stores = paths.root / "data" / "stores"
    places = (paths.raw, paths.root / ".press", stores, *stores.glob("*"), paths.root / "assets" / "vendor")
    shallow = (paths.root, *places)
    deep = (paths.processed, paths.results, paths.root / "chapters")
    found = [*(each for folder in shallow for each in folder.glob(".*"))]
    found += [each for folder in deep for each in folder.rglob(".*")]
    for folder in found:
        if LEFT.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
