"""Views over the raw files of a store, with the change of a column's type made visible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.schema import EVENTS, EXPOSURES, ITEMS, USERS, TableSpec
from journey.warehouse.models import RAW

TEXT, NUMBER = "VARCHAR", "DOUBLE"


def create_raw_views(connection: duckdb.DuckDBPyConnection, store: Path) -> int:
    """Make `raw.users`, `raw.items`, `raw.exposures` and `raw.events` over the files of a store.

    `raw.events` has `unit_price` (DOUBLE) and `unit_price_text` (VARCHAR): partitions in which the column
    is text fill the second, all others the first. Files are told apart by their footers, so that numbers
    never travel through text.

    Returns
    -------
    int
        Raw event rows, as the footers of the files count them.

    Raises
    ------
    JourneyError
        When the store is incomplete, a file is missing or unreadable, or a column is missing or has a type
        that the schema does not allow.
    """
    if not (store / "manifest.json").is_file():
        raise JourneyError(
            f"{store}: there is no manifest.json, so the store is missing or incomplete; "
            f"run `journey simulate` or `journey build --store {store.name}`"
        )
    connection.execute(f"create schema {RAW}")
    for table in (USERS, ITEMS, EXPOSURES):
        file = store / table.path
        if not file.is_file():
            raise JourneyError(f"{file}: the file is missing; make the store again")
        _check_columns(_columns(connection, [file]), table)
        names = ", ".join(table.names)
        connection.execute(f"create view {RAW}.{table.name} as select {names} from {_read([file])}")
    return _create_events_view(connection, store)


def _create_events_view(connection: duckdb.DuckDBPyConnection, store: Path) -> int:
    files = sorted((store / "events").glob("day=*/*.parquet"))
    if not files:
        raise JourneyError(
            f"{store / 'events'}: there is no day=YYYY-MM-DD/events.parquet; make the store again"
        )
    columns = _columns(connection, files)
    _check_columns(columns, EVENTS)
    as_text = [file for file in files if columns[file]["unit_price"] == TEXT]
    as_number = [file for file in files if columns[file]["unit_price"] == NUMBER]
    others = ", ".join(name for name in EVENTS.names if name != "unit_price")
    parts = []
    if as_number:
        parts.append(f"select {others}, unit_price, null::varchar as unit_price_text from {_read(as_number)}")
    if as_text:
        parts.append(
            f"select {others}, null::double as unit_price, unit_price as unit_price_text "
            f"from {_read(as_text)}"
        )
    connection.execute(f"create view {RAW}.events as {' union all '.join(parts)}")
    counted = connection.execute(
        f"select sum(num_rows)::bigint from parquet_file_metadata({_list(files)})"
    ).fetchone()
    assert counted is not None
    return int(counted[0])


def _columns(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> dict[Path, dict[str, str]]:
    """Column types per file, from the footers.

    Raises
    ------
    JourneyError
        When a Parquet file cannot be read.
    """
    found: dict[Path, dict[str, str]] = {file: {} for file in files}
    try:
        rows = connection.execute(
            f"select file_name, name, duckdb_type from parquet_schema({_list(files)}) "
            f"where duckdb_type is not null"
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise JourneyError(
            f"{files[0].parent}: a Parquet file cannot be read ({reason}); make the store again"
        ) from error
    for file, name, kind in rows:
        found[Path(file)][name] = kind
    return found


def _check_columns(columns: dict[Path, dict[str, str]], table: TableSpec) -> None:
    for file, kinds in columns.items():
        for column in table.columns:
            kind = kinds.get(column.name)
            if kind is None:
                raise JourneyError(f"{file}: the column {column.name} is missing; make the store again")
            if kind not in column.types:
                allowed = " or ".join(column.types)
                raise JourneyError(
                    f"{file}: the column {column.name} is {kind} but must be {allowed}; make the store again"
                )


def _list(files: Sequence[Path]) -> str:
    quoted = (str(file).replace("'", "''") for file in files)
    return "[" + ", ".join(f"'{file}'" for file in quoted) + "]"


def _read(files: Sequence[Path]) -> str:
    return f"read_parquet({_list(files)}, hive_partitioning = false)"
