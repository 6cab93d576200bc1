"""Speed, measured in one run: the SQL beside Polars, plain pandas and a bare scan, and the site's rendering.

Seconds depend on the machine; ratios of two measurements in the same run hardly do. Nothing here is a test.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from journey.paths import Paths


@dataclass(frozen=True)
class Measurement:
    """One line of the report: a value and, where there is one, the limit it should keep to."""

    what: str
    value: float
    unit: str
    limit: float | None = None


def seconds(work: Callable[[], object]) -> float:
    """Seconds of `work` by the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def page_kilobytes(site: Path) -> float:
    """Compressed HTML, CSS and JavaScript of the heaviest page, before any plot is loaded."""
    shared = [*site.rglob("*.css"), *(path for path in site.rglob("*.js") if "vendor" not in path.parts)]
    shared = [path for path in shared if "pagefind" not in path.parts]
    common = sum(len(gzip.compress(path.read_bytes())) for path in shared)
    pages = [len(gzip.compress(path.read_bytes())) for path in site.rglob("*.html")]
    return (common + max(pages, default=0)) / 1000


def render_seconds(paths: Paths) -> tuple[float, float]:
    """Seconds to render when nothing changed, and after one chapter's prose changed, in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", "raw")
        shutil.copytree(paths.root, copy, ignore=ignored)
        (copy / "data" / "raw").symlink_to(paths.raw)
        command = [str(Path(sys.executable).parent / "journey"), "render"]
        environment = os.environ | {"JOURNEY_ROOT": str(copy)}

        def render() -> None:
            subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)

        render()
        unchanged = seconds(render)
        chapter = copy / "chapters" / "01-data-audit.qmd"
        chapter.write_text(chapter.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")
        return unchanged, seconds(render)


def engine_lines(paths: Paths) -> list[Measurement]:
    """The SQL and its peers on the largest shop that the study `scale` simulates: 3 million events.

    Raises
    ------
    JourneyError
        When Polars is not installed, or an engine finds other sessions than the SQL does.
    """
    from journey.stores.simulator import ShopParameters, simulate
    from journey.studies.scale.engines import MEMORY, PANDAS, POLARS, SCAN, SQL
    from journey.studies.scale.study import LIBRARIES, REPEATS, SAME, USERS, add_size, needs

    needs(LIBRARIES)
    found: dict[str, Any] = {"runs": [], "models": [], "missing": []}
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "shop"
        simulated = seconds(lambda: simulate(store, ShopParameters(users=USERS[-1])))
        add_size(found, store, paths.sql, Path(folder), REPEATS)
    runs = {run["engine"]: run for run in found["runs"]}
    took = {engine: run["seconds"] for engine, run in runs.items()}
    events = runs[SQL]["events"] / 1e6
    return [
        Measurement(f"simulate {events:.1f} million events", simulated, "s"),
        Measurement("bare scan of them", took[SCAN], "s"),
        Measurement("cleaning, sessions and funnel in Polars, kept in memory", took[POLARS], "s"),
        Measurement("the same in plain pandas", took[PANDAS], "s"),
        Measurement("the same in SQL, in memory", took[MEMORY], "s"),
        Measurement("the same in SQL, every event stored", took[SAME], "s"),
        Measurement("SQL with all features, stored and checked", took[SQL], "s"),
        Measurement("SQL / Polars, sessions, both in memory", took[MEMORY] / took[POLARS], "ratio", 0.8),
        Measurement("SQL with features / pandas without", took[SQL] / took[PANDAS], "ratio", 0.5),
        Measurement("SQL with features / bare scan", took[SQL] / took[SCAN], "ratio", 20),
        Measurement("peak memory of the SQL", runs[SQL]["memory"], "GB"),
    ]


def run_benchmarks(paths: Paths, console: Console) -> list[Measurement]:
    """Measure, print and return every line; builds what is missing first.

    Raises
    ------
    JourneyError
        As `engine_lines`, before anything is built or printed.
    """
    from journey.pipeline.run import build
    from journey.studies.scale.study import LIBRARIES, needs

    needs(LIBRARIES)
    build(paths, console=console)
    lines = engine_lines(paths)
    unchanged, edited = render_seconds(paths)
    lines += [
        Measurement("render, nothing changed", unchanged, "s", 20),
        Measurement("render after editing one chapter", edited, "s", 15),
        Measurement("heaviest page before plots, compressed", page_kilobytes(paths.site), "KB", 300),
    ]
    table = Table("measured", "value", "at most")
    for line in lines:
        limit = "" if line.limit is None else f"{line.limit:g} {line.unit}"
        table.add_row(line.what, f"{line.value:.2f} {line.unit}", limit)
    console.print(table)
    return lines
