"""Build a warehouse on Spark: DuckDB makes the empty tables, Spark fills them from the same SQL.

So a table has the same columns and types whichever engine filled it, and all that reads a warehouse stays as
it is. Spark's own tables are kept as Parquet beside the warehouse, for what runs on the cluster itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from journey.files import replacing
from journey.warehouse.build import Progress, WarehouseSummary, _summarise
from journey.warehouse.invariants import check_invariants
from journey.warehouse.models import RAW, Model, in_order, passing_views, read_models, run_model
from journey.warehouse.raw import create_raw_views
from journey.warehouse.spark import load_store, run_on_spark, spark_session

TABLES = ("users", "items", "exposures", "events")
#: Engines hash in their own way, so a hash is made again by the one that keeps it.
HASHES = {"key_hash": "hash(user_id, ts, item_id)"}


def build_on_spark(
    store: Path,
    target: Path,
    sql: Path,
    progress: Progress | None = None,
    *,
    master: str = "local[*]",
    settings: dict[str, str] | None = None,
) -> WarehouseSummary:
    """Clean a store and build its marts on Spark, into one DuckDB file and a folder of Parquet.

    Parameters
    ----------
    store
        Folder of raw files in the canonical layout, where every worker sees it.
    target
        The DuckDB file to make. The tables stay as Parquet in a folder beside it, `<name>.spark/`, which
        every worker must see, too.
    sql
        Folder that holds `staging/` and `marts/`.
    progress
        Called with (models done, models in all).
    master
        As Spark names it: `local[2]`, `spark://host:port`, `yarn`.
    settings
        Further settings of Spark, such as `spark.sql.shuffle.partitions`.

    Raises
    ------
    JourneyError
        When the store is incomplete or malformed, PySpark or Java is missing, a model fails, or an invariant
        is violated.
    """
    models = in_order([*read_models(sql / "staging"), *read_models(sql / "marts")])
    tables = target.with_suffix(".spark")
    with replacing(target) as temporary, duckdb.connect(str(temporary)) as connection:
        connection.execute("set enable_progress_bar = false")
        raw_rows = create_raw_views(connection, store)
        text, number = _event_files(connection, store)
        _empty_tables(connection, models)
        with spark_session(master, tables, **(settings or {})) as session:
            load_store(session, store, text, number)
            for done, model in enumerate(models):
                if progress:
                    progress(done, len(models))
                run_on_spark(session, model, tables)
                if not model.is_view:
                    _fill(connection, model.name, tables / model.name)
        checked = check_invariants(connection, raw_rows)
        for view in reversed(passing_views(models)):
            connection.execute(f"drop view {view}")
        connection.execute(f"drop schema {RAW} cascade")
        summary = _summarise(connection, store.name, raw_rows, checked)
    if progress:
        progress(len(models), len(models))
    return summary


def _event_files(connection: duckdb.DuckDBPyConnection, store: Path) -> tuple[list[Path], list[Path]]:
    """Files of events whose prices are text, and all others."""
    files = [str(file) for file in sorted((store / "events").glob("day=*/*.parquet"))]
    rows: Sequence[Any] = connection.execute(
        "select file_name, duckdb_type = 'VARCHAR' from parquet_schema(?) "
        "where name = 'unit_price' order by 1",
        [files],
    ).fetchall()
    return [Path(file) for file, is_text in rows if is_text], [
        Path(file) for file, is_text in rows if not is_text
    ]


def _empty_tables(connection: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> None:
    """Run every model over no rows at all: its table is there, with its columns and types."""
    for name in TABLES:
        connection.execute(f"create table {RAW}.none_{name} as select * from {RAW}.{name} limit 0")
        connection.execute(f"drop view {RAW}.{name}")
        connection.execute(f"alter table {RAW}.none_{name} rename to {name}")
    for schema in ("staging", "marts"):
        connection.execute(f"create schema {schema}")
    for model in models:
        run_model(connection, model)
        if not model.is_view:
            connection.execute(f"truncate {model.name}")


def _fill(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> None:
    """Take in what Spark wrote; it writes an interval as its microseconds."""
    columns = connection.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema || '.' || table_name = ? order by ordinal_position",
        [table],
    ).fetchall()
    values = ", ".join(f"{_read_back(name, kind)} as {name}" for name, kind in columns)
    connection.execute(
        f"insert into {table} by name select {values} from read_parquet(?)", [f"{folder}/*.parquet"]
    )


def _read_back(name: str, kind: str) -> str:
    if kind == "INTERVAL":
        return f"to_microseconds({name})"
    return HASHES.get(name, f"{name}::{kind}")
