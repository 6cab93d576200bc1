"""What is measured: the project's SQL, its peers and a scan, each in a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from journey.errors import JourneyError
from journey.studies.scale.peers import COUNTS, FLAGS, OF_USER, STEPS, bare_scan, pandas_sessions
from journey.studies.scale.polars_peer import polars_sessions
from journey.warehouse.build import build_warehouse
from journey.warehouse.models import Model, in_order, read_models, run_model
from journey.warehouse.raw import create_raw_views

SQL, MEMORY, POLARS, PANDAS, SCAN = "sql", "sql, in memory", "polars", "pandas", "scan"
ENGINES = (SCAN, POLARS, PANDAS, MEMORY, SQL)
#: What the peers make, and its columns; the first two tell sessions apart.
MADE = ("marts.sessions", "marts.session_funnels")
COLUMNS = (
    *("user_id", "session_start", "session_end", "session_number", "is_new_user", "device", "channel"),
    *("n_events", *COUNTS, "n_items_viewed", "discount_pct", *FLAGS, "duration_s", *OF_USER),
    *(column for _, column in STEPS.values()),
    *("bought_at", "furthest_step", "revenue"),
)
#: Columns that may differ by `CLOSE`: the SQL adds money as decimals, the peers add doubles; and Polars
#: divides by multiplying with the inverse.
ROUNDED, CLOSE = ("duration_s", "revenue"), 1e-6
CHECKS = "checks and closing"


@dataclass(frozen=True)
class Measured:
    """One run: seconds by the clock, processor seconds, peak memory in GB, and the same by model.

    `models` holds (model, seconds by the clock, processor seconds) of the project's own SQL.
    """

    engine: str
    seconds: float
    processor: float
    memory: float
    models: list[tuple[str, float, float]] = field(default_factory=list)


def measure(engine: str, store: Path, sql: Path, folder: Path) -> Measured:
    """Run one engine on a store in a new process; its sessions stay in `folder` as Parquet.

    Raises
    ------
    JourneyError
        When the process ends without a result, as when memory runs out.
    """
    told = folder / f"{engine}.json"
    told.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(engine, store, sql, folder, told))
    process.start()
    process.join()
    if process.exitcode or not told.is_file():
        raise JourneyError(f"{engine} did not finish on {store.name} (exit status {process.exitcode})")
    return Measured(**json.loads(told.read_text(encoding="utf-8")))


def _run(engine: str, store: Path, sql: Path, folder: Path, told: Path) -> None:
    os.environ["POLARS_MAX_THREADS"] = "2"
    models: list[tuple[str, float, float]] = []
    work: dict[str, Callable[[], pd.DataFrame | None]] = {
        SCAN: lambda: bare_scan(store),
        POLARS: lambda: polars_sessions(store),
        PANDAS: lambda: pandas_sessions(store),
        MEMORY: lambda: sql_sessions(store, sql),
        SQL: lambda: _own(store, sql, warehouse_of(folder), models),
    }
    if engine == POLARS:
        __import__("polars")  # as pandas and DuckDB are, before the clock runs
    start, before = time.perf_counter(), _processor()
    frame = work[engine]()
    found = Measured(engine, time.perf_counter() - start, _processor() - before, _peak(), models)
    if frame is not None:
        frame[list(COLUMNS)].to_parquet(folder / f"{engine}.parquet")
    elif engine != SCAN:
        with duckdb.connect(str(warehouse_of(folder)), read_only=True) as connection:
            connection.execute(f"copy ({_JOINED}) to '{folder / engine}.parquet'")
    told.write_text(json.dumps(asdict(found)), encoding="utf-8")


def warehouse_of(folder: Path) -> Path:
    """Where the project's own run leaves its warehouse."""
    return folder / "shop.duckdb"


_JOINED = f"select {', '.join(COLUMNS)} from {MADE[0]} join {MADE[1]} using (session_id)"


def all_models(sql: Path) -> list[Model]:
    """Every model of a folder of SQL, in the order in which they are built."""
    return in_order([*read_models(sql / "staging"), *read_models(sql / "marts")])


def needed(models: list[Model]) -> list[Model]:
    """Those of all models that sessions and funnels rest on, and their own."""
    reads = {model.name: model.reads for model in models}
    found, waiting = set(MADE), list(MADE)
    while waiting:
        more = {name for name in reads[waiting.pop()] if name in reads} - found
        found |= more
        waiting += more
    return [model for model in models if model.name in found]


@contextmanager
def in_memory(store: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connection to an empty warehouse that is never stored, with the raw files of a store."""
    with duckdb.connect(config={"threads": 2, "preserve_insertion_order": False}) as connection:
        # DuckDB takes a process that another one spawned for a terminal.
        connection.execute("set enable_progress_bar = false; create schema staging; create schema marts")
        create_raw_views(connection, store)
        yield connection


def sql_sessions(store: Path, sql: Path) -> pd.DataFrame:
    """Clean, sessionise and count by the project's SQL, and store nothing, as its peers do."""
    with in_memory(store) as connection:
        for model in needed(all_models(sql)):
            run_model(connection, model)
        return connection.execute(_JOINED).df()


def _own(store: Path, sql: Path, target: Path, models: list[tuple[str, float, float]]) -> None:
    """Build a warehouse; `models` receives what each model took."""
    names = [model.name for model in all_models(sql)] + [CHECKS]
    marks: list[tuple[float, float]] = []
    build_warehouse(store, target, sql, lambda *_: marks.append((time.perf_counter(), _processor())))
    for name, (start, before), (end, after) in zip(names, marks[:-1], marks[1:], strict=True):
        models.append((name, end - start, after - before))


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Peak memory of this process, GB; Linux keeps it apart from what its parent used."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def check_equal(folder: Path, engines: tuple[str, ...]) -> int:
    """Compare the sessions that engines left in a folder, row by row; how many sessions there are.

    Raises
    ------
    JourneyError
        With the engine whose sessions are not those of the project's SQL.
    """
    same = [f"a.{name} is not distinct from b.{name}" for name in COLUMNS[2:] if name not in ROUNDED]
    same += [f"abs(a.{name} - b.{name}) <= {CLOSE}" for name in ROUNDED]
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        sessions = _value(connection, f"select count(*) from '{folder / engines[0]}.parquet'")
        for engine in engines[1:]:
            differing = _value(
                connection,
                f"select count(*) from '{folder / engines[0]}.parquet' as a"
                f" full join '{folder / engine}.parquet' as b using (user_id, session_start)"
                f" where not coalesce({' and '.join(same)}, false)",
            )
            if differing:
                raise JourneyError(
                    f"{engine} finds {differing:,} other sessions than {engines[0]} finds; no time is shown"
                )
    return sessions


def _value(connection: duckdb.DuckDBPyConnection, statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]
