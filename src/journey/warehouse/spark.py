"""Staging, marts and features of a store on Spark, from the same SQL files as on DuckDB."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyarrow.parquet import ParquetFile

from journey.errors import JourneyError
from journey.stores.schema import EVENTS, EXPOSURES, ITEMS, USERS
from journey.warehouse.models import RAW, Model
from journey.warehouse.spark_sql import spark_select, view_name

#: What the translated statements rest on, and quiet.
SETTINGS = {
    "spark.log.level": "ERROR",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
#: Before this version Spark's fast reader refuses numbers whose bytes are split, as an import writes them.
SPLIT_BYTES_SINCE = (4, 3)


@contextmanager
def spark_session(master: str, folder: Path, **settings: str) -> Iterator[Any]:
    """Start Spark, or connect to a cluster; its tables lie in a folder that all its workers see.

    Parameters
    ----------
    master
        As Spark names it: `local[2]`, `spark://host:port`, `yarn`.
    folder
        Where tables are written.

    Raises
    ------
    JourneyError
        When PySpark or Java is missing, or Spark does not start.
    """
    try:
        sql = importlib.import_module("pyspark.sql")
    except ModuleNotFoundError as error:
        raise JourneyError("Spark needs the extra `spark`; run `pip install .[spark]`") from error
    if not shutil.which("java"):
        raise JourneyError("Spark needs Java 17 or newer; install it, and let `java` be on the path")
    # It prints every error that it raises, with all of Java's stack.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    builder = sql.SparkSession.builder.master(master).appName("journey")
    if master.startswith("local"):
        # Workers of this machine run the same Python, with the same libraries.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for name, value in (SETTINGS | {"spark.sql.warehouse.dir": str(folder)} | settings).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # its kinds of error live in the library
        raise JourneyError(f"Spark did not start at {master!r}: {_first_line(error)}") from error
    try:
        yield session
    finally:
        session.stop()


def load_store(session: Any, store: Path, text_prices: Sequence[Path], number_prices: Sequence[Path]) -> None:
    """Make the raw tables known: users, items, exposures, and the events of both kinds of files.

    Parameters
    ----------
    session
        A session of Spark.
    store
        Folder of raw files in the canonical layout.
    text_prices, number_prices
        The files of events whose prices are text, and all others.
    """
    if _version(session) < SPLIT_BYTES_SINCE and any(map(_splits_bytes, store.rglob("*.parquet"))):
        session.conf.set("spark.sql.parquet.enableVectorizedReader", "false")
    for table in (USERS, ITEMS, EXPOSURES):
        frame = session.read.parquet(str(store / table.path)).select(*table.names)
        frame.createOrReplaceTempView(view_name(f"{RAW}.{table.name}"))
    others = [name for name in EVENTS.names if name != "unit_price"]
    parts = [
        session.read.parquet(*map(str, files)).selectExpr(
            *others, f"{price} as unit_price", f"{text} as unit_price_text"
        )
        for files, price, text in (
            (number_prices, "unit_price", "cast(null as string)"),
            (text_prices, "cast(null as double)", "unit_price"),
        )
        if files
    ]
    frame = parts[0] if len(parts) == 1 else parts[0].union(parts[1])
    frame.createOrReplaceTempView(view_name(f"{RAW}.events"))


def run_on_spark(session: Any, model: Model, folder: Path) -> None:
    """Run one model; its table is written as Parquet to `folder/<name>`, a view is only named.

    Raises
    ------
    JourneyError
        With the model's name and the first line of what Spark says.
    """
    query = spark_select(model)
    try:
        frame = session.sql(query)
        if not model.is_view:
            target = str(folder / model.name)
            frame.write.mode("overwrite").parquet(target)
            frame = session.read.parquet(target)
        frame.createOrReplaceTempView(view_name(model.name))
    except Exception as error:  # its kinds of error live in the library
        reason = _first_line(error)
        raise JourneyError(
            f"{model.name} ({model.path.name}) could not be built on Spark: {reason}"
        ) from error


def _version(session: Any) -> tuple[int, ...]:
    return tuple(map(int, session.version.split(".")[:2]))


def _splits_bytes(file: Path) -> bool:
    groups = ParquetFile(file).metadata.to_dict()["row_groups"]
    return any("BYTE_STREAM_SPLIT" in column["encodings"] for group in groups for column in group["columns"])


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
