"""SQL files as a graph: what each makes, what it reads, and the order that follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from journey.errors import JourneyError
from journey.warehouse.head import Head, parse_head

RAW = "raw"
"""Schema of the views over the raw files; it exists only while a warehouse is built."""


@dataclass(frozen=True)
class Model:
    """One SQL file.

    Attributes
    ----------
    name
        The table or view it makes, such as `marts.sessions`.
    path
        The file.
    sql
        Its text: one `create or replace` statement.
    reads
        Every schema-qualified table it reads, sorted.
    is_view
        Whether it makes a view.
    """

    name: str
    path: Path
    sql: str
    reads: tuple[str, ...]
    is_view: bool

    @property
    def head(self) -> Head:
        """What its head comment says."""
        return parse_head(self.path, self.sql)


def read_models(folder: Path, *, skip: tuple[str, ...] = ()) -> list[Model]:
    """Read every SQL file of a folder.

    Parameters
    ----------
    folder
        Such as `sql/marts`; a file makes the table that is named after folder and file.
    skip
        Leave out files whose name starts with one of these.

    Raises
    ------
    JourneyError
        When the folder holds no SQL file, or a file is not one statement that makes its own table.
    """
    paths = [path for path in sorted(folder.glob("*.sql")) if not path.name.startswith(skip)]
    if not paths:
        raise JourneyError(f"{folder}: there is no SQL file; restore the folder from version control")
    return [read_model(path) for path in paths]


def read_model(path: Path) -> Model:
    """Read one SQL file; see `read_models`."""
    return _parse(path, path.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def _parse(path: Path, sql: str) -> Model:
    name = f"{path.parent.name}.{path.stem}"
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise JourneyError(f"{path}: the SQL cannot be parsed ({reason}); correct it") from error
    create = statements[0] if len(statements) == 1 else None
    if not isinstance(create, exp.Create) or not create.args.get("replace"):
        raise JourneyError(
            f"{path}: a model is one `create or replace` statement; this file holds something else"
        )
    made = _qualified(create.find(exp.Table))
    if made != name:
        raise JourneyError(f"{path}: the file must make {name}, but it makes {made}; rename one of them")
    return Model(name=name, path=path, sql=sql, reads=_read(create.expression), is_view=create.kind == "VIEW")


def tables_read(sql: str) -> tuple[str, ...]:
    """Every schema-qualified table that a query reads, sorted."""
    return _read(sqlglot.parse_one(sql, dialect="duckdb"))


def _read(tree: exp.Expr) -> tuple[str, ...]:
    tables = {_qualified(table) for table in tree.find_all(exp.Table)}
    return tuple(sorted(table for table in tables if "." in table))


def _qualified(table: exp.Table | None) -> str:
    if table is None:
        return ""
    return f"{table.db}.{table.name}" if table.db else table.name


def in_order(models: Iterable[Model]) -> list[Model]:
    """Sort models so that each comes after all it reads; the same input gives the same order.

    Raises
    ------
    JourneyError
        When two models make the same table or models read each other in a circle.
    """
    by_name: dict[str, Model] = {}
    for model in models:
        if twin := by_name.get(model.name):
            raise JourneyError(f"{model.path} and {twin.path} both make {model.name}; remove one")
        by_name[model.name] = model
    graph = {name: [table for table in by_name[name].reads if table in by_name] for name in sorted(by_name)}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise JourneyError(
            f"these models read each other in a circle: {circle}; cut it at one of them"
        ) from error


def passing_views(ordered: Sequence[Model]) -> list[str]:
    """Names of the views that read raw files, directly or through another view.

    They end with the build: a warehouse must not depend on files outside it.
    """
    passing: set[str] = set()
    for model in ordered:
        if model.is_view and any(table.startswith(f"{RAW}.") or table in passing for table in model.reads):
            passing.add(model.name)
    return [model.name for model in ordered if model.name in passing]


def run_model(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Run one model; an interrupt ends it at once.

    Raises
    ------
    JourneyError
        With the model's name and the first line of what DuckDB says.
    KeyboardInterrupt
        When the user interrupts, once the query is told to stop.
    """
    # A signal does not reach a long query of DuckDB that runs in the main thread; waiting in the main thread
    # for a query that runs in another one can be interrupted at any moment.
    with ThreadPoolExecutor(max_workers=1) as other_thread:
        running = other_thread.submit(connection.execute, model.sql)
        try:
            running.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise
        except duckdb.Error as error:
            reason = re.sub(r"\s+", " ", str(error).split("\n\n")[0])
            raise JourneyError(f"{model.name} ({model.path.name}) could not be built: {reason}") from error
