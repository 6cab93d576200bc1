"""A local Spark session that reads the tables of a warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from journey.warehouse.spark import spark_session

#: Compiling each query would take longer than running it on so few rows.
SMALL = {
    "spark.driver.memory": "2g",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
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
        """Result of a query.

        Raises
        ------
        RuntimeError
            When Spark fails, with the first line of what it says.
        """
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
    """Start Spark on one thread of this machine; it keeps its files in a folder."""
    with spark_session("local[1]", folder / "spark", **SMALL) as session:
        yield Spark(session, folder)
