"""A local Spark session that reads the tables of a warehouse."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

SETTINGS = {
    "spark.driver.memory": "2g",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class Spark:
    """A running session."""

    def __init__(self, session: Any, folder: Path) -> None:
        self.session = session
        self.folder = folder

    @property
    def version(self) -> str:
        """Such as 4.0.1."""
        return str(self.session.version)

    def rows(self, statement: str) -> pd.DataFrame:
        """Result of a query; RuntimeError with the first line of what Spark says when it fails."""
        try:
            frame: pd.DataFrame = self.session.sql(statement).toPandas()
        except Exception as error:  # its kinds of error live in the library that may be absent
            raise RuntimeError(f"spark: {str(error).strip().splitlines()[0]}") from error
        return frame

    def load(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Give it tables of the warehouse, through Parquet files."""
        for schema in ("staging", "marts"):
            self.session.sql(f"create database {schema}")
        for name in tables:
            file = self.folder / f"{name}.parquet"
            connection.execute(f"copy {name} to '{file}' (format parquet)")
            self.session.sql(f"create table {name} using parquet location 'file://{file}'")


@contextmanager
def spark(folder: Path) -> Iterator[Spark]:
    """Start Spark on two threads of this machine; it keeps its files in a folder."""
    builder = importlib.import_module("pyspark.sql").SparkSession.builder.master("local[2]")
    for name, value in (SETTINGS | {"spark.sql.warehouse.dir": str(folder / "spark")}).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield Spark(session, folder)
    finally:
        session.stop()
