"""How long the README's first command takes, again after small changes, and all that CI runs. On request.

The committed state is cloned into a temporary folder, so what is not committed does not count. Packages come
from where pip and npm find them; what they downloaded before stays in their caches.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.paths import Paths

CLEAN, UNCHANGED, PROSE, QUERY = "clean clone", "nothing changed", "one sentence changed", "one query changed"
CHECKED = "site, lint and tests of a clean clone"
#: A page and a query that one chapter reads, each with what is put behind it.
CHANGES = {
    PROSE: ("chapters/01-data-audit.qmd", "\nOne more sentence.\n"),
    QUERY: ("sql/analysis/intermediate/funnel_steps.sql", "\n-- Written anew.\n"),
}
MAKE = ["make", "site"]
#: One test asks whether all committed results belong to the code; this one does not before it is there.
WITHOUT = "tests/unit/report/test_reproducibility.py::test_every_committed_result_belongs_to_the_current_code"
#: Settings of the process that measures; a stranger's shell has none of them.
OURS = ("JOURNEY_", "VIRTUAL_ENV", "PYTHON", "OMP_NUM_THREADS", "MAKE", "MFLAGS")


def build_site(paths: Paths) -> dict[str, Any]:
    """Clone the project, run `make site` there, and again with nothing, a sentence and a query changed.

    Then, in a clone of its own, what CI runs; the tests of real data find none beside it.

    Returns
    -------
    dict
        `steps`: one row a run, with `what` was changed and `seconds` by the clock. `pages`: how many were
        made. `cores` and `load`, how many processes were at work before: the machine.

    Raises
    ------
    JourneyError
        When the project is no git checkout, or a run fails.
    """
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        clone, checked = Path(folder) / "project", Path(folder) / "checked"
        for place in (clone, checked):
            _run(["git", "clone", "--quiet", str(paths.root), str(place)], paths.root)
        steps = [
            {"what": CLEAN, "seconds": _took(MAKE, clone)},
            {"what": UNCHANGED, "seconds": _took(MAKE, clone)},
        ]
        for what, (name, text) in CHANGES.items():
            file = clone / name
            file.write_text(f"{file.read_text(encoding='utf-8')}{text}", encoding="utf-8")
            steps.append({"what": what, "seconds": _took(MAKE, clone)})
        pages = len([*clone.glob("_site/**/*.html")])
        steps.append({"what": CHECKED, "seconds": _took([".ci/run"], checked)})
    return {"steps": steps, "pages": pages, "cores": os.cpu_count() or 1, "load": round(load, 1)}


def _took(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    _run(command, folder)
    return round(time.perf_counter() - start, 1)


def _run(command: list[str], folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment["PYTEST_ADDOPTS"] = f"--deselect {WITHOUT}"
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise JourneyError(f"{' '.join(command[:2])} failed in a clone of the project: {said[-1]}")
