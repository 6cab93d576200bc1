"""The same sessions from up to 31 million raw events, by the project's SQL and its peers. On request.

Three shops are simulated, ten times as large each. The largest of all holds the third one ten times, every
copy with users and events of its own, because copying takes a tenth of the time of simulating. While the
machine is busy the two large ones are left out: they would take hours, and their times would say little.
Every engine runs in a process of its own; its sessions must equal those of the SQL, row by row, before its
time counts. Needs 15 GB of memory, 10 GB of disk and about ten minutes on two idle cores.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from journey.customers.cohorts import cohort_retention
from journey.customers.summary import PurchaseDays, purchase_days
from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.scale.engines import (
    ENGINES,
    MEMORY,
    PANDAS,
    POLARS,
    SQL,
    Measured,
    all_models,
    check_equal,
    measure,
    needed,
    warehouse_of,
)
from journey.studies.scale.plain import written_plainly
from journey.warehouse.build import FEATURES
from journey.warehouse.connect import connect
from journey.warehouse.query import query

#: Users of the simulated shops; those after the second are left out while the machine is busy.
USERS = (1_000, 10_000, 100_000)
COPIES = 10
#: How often the simulated shops are measured on an idle machine; the fastest counts.
REPEATS = 2
#: Processes at work a core beyond which the machine is busy.
BUSY = 2
#: Parts of the SQL: what its peers do, too, and all but what only prediction needs.
SAME, SESSIONS = "sql, the same", "sql, sessions"
LIBRARIES = ("duckdb", "polars", "pandas")


def scale(paths: Paths) -> dict[str, Any]:
    """Measure every engine on shops of growing size.

    Returns
    -------
    dict
        `runs`: one row an engine and size, with events, sessions, seconds by the clock, processor seconds,
        peak memory in GB and events a second. `written`: what models take as they are and in the plain way,
        on the largest simulated shop. `models`: seconds and processor seconds of every model by
        size. `growth`: engine -> exponent of processor seconds over events between the two largest sizes.
        `customers`: seconds of the customers' queries and methods on the largest shop. `missing`: engines
        that did not finish. `left_out`: whether the large shops were. `cores`, `load` (how many were at
        work) and `versions`: the machine.
    """
    needs(LIBRARIES)
    found: dict[str, Any] = {"runs": [], "models": [], "missing": [], "customers": []}
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    busy = load > BUSY * cores
    found |= {"cores": cores, "load": round(load, 1), "left_out": busy}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for users in USERS[:2] if busy else USERS:
            store = folder / f"shop of {users}"
            simulate(store, ShopParameters(users=users))
            add_size(found, store, paths.sql, folder, 1 if busy else REPEATS)
        found["written"] = written_plainly(store, paths.sql)
        if not busy:
            large = folder / "shop of copies"
            copy_shop(store, large, COPIES)
            shutil.rmtree(store)
            add_size(found, large, paths.sql, folder, 1)
        found["customers"] = customer_times(warehouse_of(folder))
    found["growth"] = growth(found["runs"])
    return found | {"versions": {library: version(library) for library in LIBRARIES}}


def needs(libraries: Iterable[str]) -> None:
    """Look for the libraries of the extra `bench`.

    Raises
    ------
    JourneyError
        For the first that is not installed.
    """
    for library in libraries:
        if find_spec(library) is None:
            raise JourneyError(
                f"measuring needs {library}, which is not installed; run `pip install '.[bench]'`"
            )


def add_size(found: dict[str, Any], store: Path, sql: Path, folder: Path, repeats: int) -> None:
    """Measure every engine on one shop, compare what they found, and note their times.

    Raises
    ------
    JourneyError
        When the project's own run fails, or an engine finds other sessions.
    """
    best: dict[str, Measured] = {}
    for engine in ENGINES:
        try:
            runs = [measure(engine, store, sql, folder) for _ in range(repeats)]
        except JourneyError:
            if engine not in (POLARS, PANDAS, MEMORY):
                raise
            found["missing"].append({"engine": engine, "events": events_of(store)})
        else:
            best[engine] = min(runs, key=lambda run: run.processor)
    sessions = check_equal(folder, (SQL, *(peer for peer in (POLARS, PANDAS, MEMORY) if peer in best)))
    events = events_of(store)
    parts = {SAME: the_same(best[SQL], sql), SESSIONS: sessions_alone(best[SQL])}
    for engine, run in (best | parts).items():
        found["runs"].append(
            {
                "engine": engine,
                "events": events,
                "sessions": sessions,
                "seconds": round(run.seconds, 3),
                "processor": round(run.processor, 3),
                "memory": round(run.memory, 3),
                "events_per_second": round(events / run.seconds),
            }
        )
    found["models"] += [
        {"events": events, "model": model, "seconds": round(seconds, 3), "processor": round(processor, 3)}
        for model, seconds, processor in best[SQL].models
    ]


def sessions_alone(whole: Measured) -> Measured:
    """What of a whole run all models but those that only prediction needs took, with checks."""
    models = [each for each in whole.models if not each[0].partition(".")[2].startswith(FEATURES)]
    return _part(SESSIONS, whole, models)


def the_same(whole: Measured, sql: Path) -> Measured:
    """What of a whole run sessions and funnel took: their own models and what these read, stored."""
    names = {model.name for model in needed(all_models(sql))}
    return _part(SAME, whole, [each for each in whole.models if each[0] in names])


def _part(name: str, whole: Measured, models: list[tuple[str, float, float]]) -> Measured:
    return Measured(
        name, sum(each[1] for each in models), sum(each[2] for each in models), whole.memory, models
    )


def events_of(store: Path) -> int:
    """Raw event rows, from the footers of the files."""
    return sum(pq.read_metadata(file).num_rows for file in store.glob("events/*/*.parquet"))


def copy_shop(store: Path, target: Path, copies: int) -> None:
    """Write a shop that holds another one so many times, each time with users and events of its own.

    Parameters
    ----------
    store
        A shop whose users and events are numbered from 0 or 1.
    target
        Made by this function.
    copies
        How many.
    """
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        last = connection.execute(
            f"select max(event_id) + 1, max(user_id) + 1 from '{store}/events/*/*.parquet'"
        ).fetchone()
        registered = connection.execute(f"select max(user_id) + 1 from '{store}/users.parquet'").fetchone()
        assert last is not None
        assert registered is not None
        event_step, user_step = last[0], max(last[1], registered[0])
        for file in sorted(store.rglob("*.parquet")):
            if "truth" in file.relative_to(store).parts:
                continue
            names = pq.read_schema(file).names
            steps = {"event_id": event_step, "user_id": user_step}
            changed = [f"{name} + copy * {step} as {name}" for name, step in steps.items() if name in names]
            changes = f"replace ({', '.join(changed)})" if changed else ""
            number = copies if changed else 1
            made = target / file.relative_to(store)
            made.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(
                f"copy (select * exclude (copy) {changes} from"
                f" read_parquet('{file}', hive_partitioning = false) cross join range({number}) as t(copy))"
                f" to '{made}' (compression zstd)"
            )
    shutil.copy(store / "manifest.json", target / "manifest.json")


def growth(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Engine -> exponent of its processor seconds over events, between the two largest sizes."""
    exponents = {}
    for engine in dict.fromkeys(run["engine"] for run in runs):
        *_, less, more = sorted(
            (run for run in runs if run["engine"] == engine), key=lambda run: run["events"]
        )
        ratio = math.log(more["processor"] / less["processor"]) / math.log(more["events"] / less["events"])
        exponents[engine] = round(ratio, 3)
    return exponents


def customer_times(warehouse: Path) -> list[dict[str, Any]]:
    """Seconds of what chapters 04 and 08 ask about customers, on one warehouse."""
    with connect(warehouse) as connection:
        days = _order_days(connection)
        last = int(days.day.max())
        work: dict[str, Callable[[], object]] = {
            "RFM segments": lambda: query("rfm_segments", connection),
            "cohorts of visitors": lambda: query("cohort_retention", connection),
            "days of orders": lambda: _order_days(connection),
            "cohorts of buyers": lambda: cohort_retention(days, last, "week"),
        }
        return [{"what": what, "seconds": round(_seconds(each), 3)} for what, each in work.items()]


def _order_days(connection: duckdb.DuckDBPyConnection) -> PurchaseDays:
    orders = query("orders_with_money", connection)
    return purchase_days(orders["user_id"], orders["order_ts"], orders["net_revenue"])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
