"""How long each query of the library takes.

Seconds differ from run to run, so they are kept in a file of their own and never enter the numbers ledger.
"""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.files import write_json
from journey.paths import project
from journey.warehouse.connect import connect
from journey.warehouse.query import library, query

FILE = "sql_timings.json"


@dataclass(frozen=True)
class Timing:
    """Median seconds of a query, from statement to data frame, and the rows it returned."""

    name: str
    seconds: float
    rows: int


def measure_timings(
    path: Path | None = None, connection: duckdb.DuckDBPyConnection | None = None, repeats: int = 3
) -> list[Timing]:
    """Run every query `repeats` times and write the medians.

    Parameters
    ----------
    path
        JSON file to write; `data/results/sql_timings.json` when omitted.
    connection
        Warehouse; the simulated shop's when omitted.
    repeats
        Runs of each query, at least 1.

    Raises
    ------
    JourneyError
        When `repeats` is below 1 or the warehouse is missing.
    """
    if repeats < 1:
        raise JourneyError(f"repeats is {repeats}; a query must run at least once to be timed")
    if connection is None:
        with connect(project().warehouse("simulated")) as opened:
            return measure_timings(path, opened, repeats)
    timings = [_measure(spec.name, connection, repeats) for spec in library()]
    write_json(
        path or project().results / FILE,
        {"repeats": repeats, "queries": [asdict(timing) for timing in timings]},
    )
    return timings


def load_timings(path: Path | None = None) -> dict[str, Timing]:
    """Timings by query name; empty when none have been measured.

    Raises
    ------
    JourneyError
        When the file is not what `measure_timings` writes.
    """
    source = path or project().results / FILE
    if not source.is_file():
        return {}
    try:
        rows = json.loads(source.read_text(encoding="utf-8"))["queries"]
        return {row["name"]: Timing(**row) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise JourneyError(
            f"{source} is not a file of timings ({error}); delete it and build again"
        ) from error


def _measure(name: str, connection: duckdb.DuckDBPyConnection, repeats: int) -> Timing:
    seconds, rows = [], 0
    for _ in range(repeats):
        start = time.perf_counter()
        rows = len(query(name, connection))
        seconds.append(time.perf_counter() - start)
    return Timing(name, round(statistics.median(seconds), 6), rows)
