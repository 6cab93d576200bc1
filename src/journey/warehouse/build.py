"""Build the warehouse of a store from the SQL in `sql/staging` and `sql/marts`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from journey.files import replacing
from journey.warehouse.invariants import check_invariants
from journey.warehouse.models import RAW, in_order, passing_views, read_models, run_model
from journey.warehouse.raw import create_raw_views

Progress = Callable[[int, int], None]

FEATURES = ("decision_points", "features_")
"""Names of the marts that only prediction needs start so; every other mart does without them."""


@dataclass(frozen=True)
class WarehouseSummary:
    """What a build made; the same store gives the same summary.

    Attributes
    ----------
    store
        Name of the store.
    raw_rows, clean_rows
        Event rows before and after cleaning; the difference is the sum of `removed`.
    removed
        Rows set aside by reason: missing_user, bot, duplicate. A row counts for the first that applies.
    sessions, converted_sessions, orders, order_lines, customers
        Rows of the marts.
    revenue
        Net revenue of all orders, in EUR; None when the store records no price.
    invariants
        Rules checked, all of which hold.
    """

    store: str
    raw_rows: int
    clean_rows: int
    removed: dict[str, int]
    sessions: int
    converted_sessions: int
    orders: int
    order_lines: int
    customers: int
    revenue: float | None
    invariants: int


def build_warehouse(
    store: Path,
    target: Path,
    sql: Path,
    progress: Progress | None = None,
    *,
    features: bool = True,
    memory_limit: str = "3400MB",
    threads: int = 2,
) -> WarehouseSummary:
    """Clean a store and build its marts into one DuckDB file.

    The file is built beside the target and renamed over it at the end, so that an interrupt or an error
    leaves the old warehouse as it was.

    Parameters
    ----------
    store
        Folder of raw files in the canonical layout.
    target
        The DuckDB file to make.
    sql
        Folder that holds `staging/` and `marts/`.
    progress
        Called with (models done, models in all).
    features
        Whether to build the marts that only prediction needs, too.
    memory_limit
        What DuckDB may keep in memory; it spills the rest to a folder beside the target. The process takes
        about a tenth more.
    threads
        Threads of DuckDB.

    Raises
    ------
    JourneyError
        When the store is incomplete or malformed, a model fails, or an invariant is violated.
    """
    skip = () if features else FEATURES
    models = in_order([*read_models(sql / "staging"), *read_models(sql / "marts", skip=skip)])
    steps = len(models) + 1
    with replacing(target) as temporary:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(temporary),
            config={
                "threads": threads,
                "memory_limit": memory_limit,
                "temp_directory": str(temporary.parent / "spill"),
                "preserve_insertion_order": False,
            },
        )
        # DuckDB takes a process that another one spawned for a terminal.
        connection.execute("set enable_progress_bar = false")
        try:
            raw_rows = create_raw_views(connection, store)
            for schema in ("staging", "marts"):
                connection.execute(f"create schema {schema}")
            for done, model in enumerate(models):
                if progress:
                    progress(done, steps)
                run_model(connection, model)
            if progress:
                progress(steps - 1, steps)
            checked = check_invariants(connection, raw_rows)
            for view in reversed(passing_views(models)):
                connection.execute(f"drop view {view}")
            connection.execute(f"drop schema {RAW} cascade")
            summary = _summarise(connection, store.name, raw_rows, checked)
        finally:
            connection.close()
    if progress:
        progress(steps, steps)
    return summary


def _summarise(
    connection: duckdb.DuckDBPyConnection, store: str, raw_rows: int, checked: int
) -> WarehouseSummary:
    def count(query: str) -> int:
        row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    reasons = connection.execute(
        "select removal_reason, count(*) from staging.events_removed group by all order by 1"
    ).fetchall()
    found = dict(reasons)
    revenue = connection.execute("select sum(revenue::decimal(18, 6)) from marts.customers").fetchone()
    return WarehouseSummary(
        store=store,
        raw_rows=raw_rows,
        clean_rows=count("select count(*) from staging.events"),
        removed={reason: int(found.get(reason, 0)) for reason in ("missing_user", "bot", "duplicate")},
        sessions=count("select count(*) from marts.sessions"),
        converted_sessions=count("select count(*) from marts.sessions where converted"),
        orders=count("select count(*) from marts.orders"),
        order_lines=count("select count(*) from marts.order_lines"),
        customers=count("select count(*) from marts.customers"),
        revenue=float(revenue[0]) if revenue and revenue[0] is not None else None,
        invariants=checked,
    )
