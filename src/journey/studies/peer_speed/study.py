"""How long experiments, uplift, pages and the in-page scorer take here, and how long elsewhere. On request.

Every way works on the same inputs in a process of its own, on one thread, and its answers must be ours before
a time counts; the fastest of its repetitions is kept. The scorer is left out without Node. Needs the results
of a build and about two minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from journey.errors import JourneyError, require
from journey.inference.arrays import Floats
from journey.paths import Paths
from journey.studies.peer_speed import pages, scorer, ways
from journey.studies.peer_speed.pages import NBCONVERT, PRESS

PAGES, NODE = "pages", "Node"
#: Largest difference from our answers, as a share of the largest answer of the same kind.
SAME = 1e-6


@dataclass(frozen=True)
class Comparison:
    """What is done, on how many rows, how often, and by whom: ours first."""

    name: str
    rows: int
    repeats: int
    ways: tuple[str, ...]


COMPARISONS = (
    Comparison(ways.EXPERIMENT, 1_000_000, 7, (ways.OWN, ways.TEA, ways.TEA_ARROW)),
    Comparison(ways.TESTS, 10_000, 4, (ways.OWN, ways.GBSTATS)),
    Comparison(ways.SINGLE_TESTS, 1_000, 5, (ways.OWN, ways.GBSTATS)),
    Comparison(ways.TREES, 200_000, 4, (ways.OWN, ways.SKLIFT)),
    Comparison(ways.LOGISTIC, 200_000, 5, (ways.OWN, ways.SKLIFT)),
    Comparison(ways.CURVES, 1_000_000, 4, (ways.OWN, ways.SKLIFT)),
    Comparison(ways.SINGLE_SCORES, 1_000, 20, (NODE, ways.BOOSTED)),
    Comparison(ways.SCORES, 100_000, 4, (NODE, ways.BOOSTED)),
    Comparison(PAGES, len(pages.CHAPTERS), 2, (PRESS, NBCONVERT)),
)


def measure_peers(paths: Paths) -> dict[str, Any]:
    """Measure every way of every comparison.

    Returns
    -------
    dict
        `runs`: one row a comparison and way, ours first, with `rows`, `seconds` by the clock and `processor`
        seconds of the fastest of `repeats`, and how far the answers lie `apart` from ours, as a share of the
        largest of their kind (null for pages). `pages`: how many `cells` of tables and `numbers` of the
        ledger both renderers show. `missing`: what could not be compared, and why. `versions`, `cores`, and
        `load`: how many processes were at work before or at the end, whichever is more.

    Raises
    ------
    JourneyError
        When a library or a result of the build is missing, a way fails, or its answers are not ours.
    """
    needs()
    before = os.getloadavg()[0]
    found: dict[str, Any] = {"runs": [], "versions": {}, "missing": [], "pages": {}}
    for comparison in COMPARISONS:
        if NODE in comparison.ways and scorer.node() is None:
            found["missing"].append({"comparison": comparison.name, "why": "Node is not installed"})
        elif comparison.name == PAGES:
            add_pages(found, comparison, paths)
        else:
            add_comparison(found, comparison, paths)
    return found | {"cores": os.cpu_count() or 1, "load": round(max(before, os.getloadavg()[0]), 1)}


def needs() -> None:
    """Look for the other libraries.

    Raises
    ------
    JourneyError
        For the first that is not installed, with what to run.
    """
    require("comparing", ("tea_tasting", "sklift", "nbconvert"), "bench")
    if find_spec("gbstats") is None:
        # It asks for older numpy and pandas; the lock of the tests overrides that, an extra cannot.
        raise JourneyError(
            "comparing needs gbstats, which is not installed; install the versions of requirements-test.lock"
        )


def add_comparison(found: dict[str, Any], comparison: Comparison, paths: Paths) -> None:
    """Measure the ways of one comparison, hold their answers against ours, and note their times.

    Raises
    ------
    JourneyError
        When a way fails, or its answers are not ours.
    """
    ours: Floats | None = None
    for way in comparison.ways:
        answers, told = measure(comparison, way, paths)
        ours = answers if ours is None else ours
        found["versions"][way.partition(",")[0]] = told["version"]
        add_run(found, comparison, way, told, check(comparison.name, way, answers, ours))


def add_pages(found: dict[str, Any], comparison: Comparison, paths: Paths) -> None:
    """Render the chapters both ways, hold the pages against each other, and note the times.

    Raises
    ------
    JourneyError
        When a way fails, or its pages say other things.
    """
    made = {}
    for way in comparison.ways:
        taken: dict[str, list[float]] = {"seconds": [], "processor": []}
        for _ in range(comparison.repeats):
            made[way], once = pages.render_pages(way, paths)
            for what, seconds in once.items():
                taken[what].append(seconds)
        add_run(found, comparison, way, taken, None)
    found["pages"] = pages.check_pages(made[PRESS], made[NBCONVERT], paths)
    found["versions"][NBCONVERT] = version(NBCONVERT)


def add_run(
    found: dict[str, Any], comparison: Comparison, way: str, told: dict[str, Any], apart: float | None
) -> None:
    """One row of `runs`."""
    found["runs"].append(
        {
            "comparison": comparison.name,
            "way": way,
            "rows": comparison.rows,
            "seconds": round(min(told["seconds"]), 5),
            "processor": round(min(told["processor"]), 5),
            "repeats": len(told["seconds"]),
            "apart": apart,
        }
    )


def measure(comparison: Comparison, way: str, paths: Paths) -> tuple[Floats, dict[str, Any]]:
    """Do one comparison one way, in a process of its own: the answers, and what was told of their times.

    Raises
    ------
    JourneyError
        With the last line of what it said, when it fails.
    """
    if way == NODE:
        return scorer.in_node(scorer.page_files(paths), comparison.rows, comparison.repeats)
    with tempfile.TemporaryDirectory() as folder:
        named = (comparison.name, way, str(comparison.rows), str(comparison.repeats), folder)
        alone = {"JOURNEY_ROOT": str(paths.root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-m", ways.__name__, *named],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | alone,
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise JourneyError(f"{way} did not do {comparison.name}; it said: {said}")
        told = json.loads((Path(folder) / "told.json").read_text(encoding="utf-8"))
        return np.load(Path(folder) / "answers.npy"), told


def check(name: str, way: str, answers: Floats, ours: Floats) -> float:
    """How far answers lie from ours: the largest difference, as a share of the largest answer of its kind.

    Raises
    ------
    JourneyError
        When there are other answers, or they are too far, so that no time is shown.
    """
    if answers.shape != ours.shape:
        raise JourneyError(f"{way} gives other answers to {name} than ours; no time is shown")
    apart = float((np.abs(answers - ours).max(axis=1) / np.abs(ours).max(axis=1)).max())
    if not apart <= SAME:
        raise JourneyError(f"{way} does {name} {apart:.2g} away from ours; no time is shown")
    return apart
