"""What is measured: the project's SQL, its peers and a scan, each in a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from journey.errors import JourneyError
from journey.studies.scale.peers import COUNTS, bare_scan, pandas_sessions, polars_sessions
from journey.warehouse.build import build_warehouse
from journey.warehouse.models import in_order, read_models

SQL, POLARS, PANDAS, SCAN = "sql", "polars", "pandas", "scan"
ENGINES = (SCAN, POLARS, PANDAS, SQL)
COLUMNS = ("user_id", "session_start", "session_end", "n_events", *COUNTS, "furthest_step", "revenue")
#: Largest difference in the revenue of a session, EUR: the SQL adds decimals, the peers add doubles.
MONEY = 1e-6
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
            connection.execute(
                f"copy (select {', '.join(COLUMNS)} from marts.sessions join marts.session_funnels"
                f" using (session_id)) to '{folder / engine}.parquet'"
            )
    told.write_text(json.dumps(asdict(found)), encoding="utf-8")


def warehouse_of(folder: Path) -> Path:
    """Where the project's own run leaves its warehouse."""
    return folder / "shop.duckdb"


def _own(store: Path, sql: Path, target: Path, models: list[tuple[str, float, float]]) -> None:
    """Build a warehouse; `models` receives what each model took."""
    ordered = in_order([*read_models(sql / "staging"), *read_models(sql / "marts")])
    names = [model.name for model in ordered] + [CHECKS]
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
    same = " and ".join(f"a.{name} = b.{name}" for name in COLUMNS[2:-1])
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        sessions = _value(connection, f"select count(*) from '{folder / engines[0]}.parquet'")
        for engine in engines[1:]:
            differing = _value(
                connection,
                f"select count(*) from '{folder / engines[0]}.parquet' as a"
                f" full join '{folder / engine}.parquet' as b using (user_id, session_start)"
                f" where not coalesce({same} and abs(a.revenue - b.revenue) <= {MONEY}, false)",
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
