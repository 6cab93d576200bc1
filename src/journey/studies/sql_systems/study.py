"""Every query that translates, run on the real systems over one shop. On request, kept as evidence.

A small shop is simulated and built; PostgreSQL and Spark get its tables. Each translated query runs there and
must return DuckDB's rows: the same columns, the same rows in the same order, numbers within `TOLERANCE`. The
result holds the digest of every translation, so that one which has changed since does not count. Takes about
four minutes.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.sql_systems.postgres import server, server_programs
from journey.studies.sql_systems.spark import spark
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import find, library, query
from journey.warehouse.query_portability import DIALECTS, portability, translate

SHOP = ShopParameters(users=500, items=100, days=60, seed=7)
#: Systems add doubles in another order, and print 15 to 17 digits.
TOLERANCE = 1e-9
SAME = "same"


class System(Protocol):
    """What runs a query elsewhere."""

    @property
    def version(self) -> str:
        """Its version."""

    def load(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Give it tables of the warehouse."""

    def rows(self, statement: str) -> pd.DataFrame:
        """Result of a query; RuntimeError when it refuses it."""


def digest(name: str, dialect: str) -> str:
    """Identity of a query's translation."""
    return hashlib.sha256(translate(find(name), dialect).encode()).hexdigest()[:12]


def difference(wanted: pd.DataFrame, found: pd.DataFrame) -> str:
    """`SAME`, or what differs between the rows of two systems, in a few words."""
    if list(found) != list(wanted):
        return "other columns"
    if len(found) != len(wanted):
        return f"{len(found)} rows instead of {len(wanted)}"
    for column in wanted:
        want, got = wanted[column], found[column]
        if pd.api.types.is_numeric_dtype(want):
            numbers = got.astype("float64"), want.astype("float64")
            equal = np.isclose(*numbers, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True).all()
        elif pd.api.types.is_datetime64_any_dtype(want):
            equal = pd.to_datetime(got).astype("datetime64[us]").equals(want.astype("datetime64[us]"))
        else:
            equal = got.astype("string").equals(want.astype("string"))
        if not equal:
            return f"other values in {column}"
    return SAME


def outcomes(system: System, dialect: str, warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What each translated query gives on a system: `SAME`, what differs, or the error."""
    system.load(warehouse, sorted({table for spec in library() for table in spec.tables}))
    found = {}
    for row in portability():
        if row.dialect == dialect and row.translated:
            try:
                got = system.rows(translate(find(row.name), dialect))
            except RuntimeError as error:
                found[row.name] = str(error).splitlines()[0]
            else:
                found[row.name] = difference(query(row.name, warehouse), got)
    return found


def sql_systems(paths: Paths) -> dict[str, Any]:
    """Run the translations on PostgreSQL and Spark; JSON values by dialect.

    Raises
    ------
    JourneyError
        When no PostgreSQL server is installed.
    """
    programs = server_programs()
    if programs is None:
        raise JourneyError("study sql_systems needs a PostgreSQL server; install the package postgresql")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(folder / "store", SHOP)
        build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql, features=False)
        with connect(folder / "shop.duckdb") as warehouse:
            with server(programs) as postgres:
                results = {"postgres": _measured(postgres, "postgres", warehouse)}
            with spark(folder) as session:
                results["spark"] = _measured(session, "spark", warehouse)
    return results


def _measured(system: System, dialect: str, warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    found = outcomes(system, dialect, warehouse)
    queries = {name: {"outcome": each, "digest": digest(name, dialect)} for name, each in found.items()}
    return {"system": f"{DIALECTS[dialect]} {system.version}", "queries": queries}
