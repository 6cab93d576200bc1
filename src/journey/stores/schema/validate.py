"""Check a store folder against the canonical schema.

Two independent checks: DuckDB counts the rows that break a rule, over every row; pandera checks the small
tables, and the first and last day of events, as data frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.schema.frames import pandera_schema
from journey.stores.schema.layout import Layout, TableFile, read_layout
from journey.stores.schema.manifest import Manifest, Partitions, read_manifest
from journey.stores.schema.rules import DIRT, Rule, event_rules, rules
from journey.stores.schema.tables import EVENTS, SCHEMA, TableSpec

FRAME_ROWS = 50_000
"""Rows of a table up to which pandera reads all of it; of a larger one it reads this many."""


@dataclass(frozen=True)
class StoreSummary:
    """A store that passed.

    Attributes
    ----------
    store : str
        Name of the store.
    folder : Path
        Where it is.
    rows : mapping of str to int
        Rows of each table.
    first_day, last_day : date
        First and last partition of the events.
    days : int
        Number of partitions.
    dirt : mapping of str to int
        Rows of events with each kind of legal dirt that a single row shows.
    missing_columns, missing_event_types : tuple of str
        What the store does not record.
    bytes : int
        Size of the tables.
    has_truth : bool
        Whether the store knows the truth (simulated).
    """

    store: str
    folder: Path
    rows: Mapping[str, int]
    first_day: date
    last_day: date
    days: int
    dirt: Mapping[str, int]
    missing_columns: tuple[str, ...]
    missing_event_types: tuple[str, ...]
    bytes: int
    has_truth: bool

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self.rows.items())
        return f"{self.store}: {counts}, {self.first_day} to {self.last_day}, {self.bytes / 1e6:,.1f} MB"


def validate_store(folder: Path) -> StoreSummary:
    """Check every file, column and row of a store folder.

    Raw data may be dirty: null users, negative quantities, odd clocks, resent rows and the text prices of a
    known change of type are legal and counted. Everything else that the schema does not allow is an error.

    Parameters
    ----------
    folder : Path
        A folder such as data/raw/simulated.

    Returns
    -------
    StoreSummary

    Raises
    ------
    JourneyError
        At the first fault; names file, column, number of rows and what to do.
    """
    manifest = read_manifest(folder)
    layout = read_layout(folder, without_items="events.item_id" in manifest.missing_columns)
    _compare(folder, manifest, layout)
    with duckdb.connect() as connection:
        for name in ("users", "items", "exposures"):
            table, files = SCHEMA[name], layout.tables[name]
            _check(connection, table, files, rules(table), [])
            _check_key(connection, table, files[0])
        connection.execute(f"create view items as from read_parquet('{_sql(folder / 'items.parquet')}')")
        dirt = _check_events(connection, layout, manifest)
        _check_frames(connection, layout)
    return StoreSummary(
        store=manifest.store,
        folder=folder,
        rows={name: manifest.rows[name] for name in SCHEMA},
        first_day=layout.days[0],
        last_day=layout.days[-1],
        days=len(layout.days),
        dirt=dirt,
        missing_columns=manifest.missing_columns,
        missing_event_types=manifest.missing_event_types,
        bytes=layout.bytes,
        has_truth=layout.has_truth,
    )


def _compare(folder: Path, manifest: Manifest, layout: Layout) -> None:
    where = folder / "manifest.json"
    for name, files in layout.tables.items():
        found = sum(file.rows for file in files)
        if found != manifest.rows[name]:
            raise JourneyError(
                f"{where} states {manifest.rows[name]:,} rows of {name}, the files hold {found:,}: a file was"
                " lost, added or changed; make the store again."
            )
    stated, real = manifest.partitions, Partitions.of(layout.days)
    if stated != real:
        raise JourneyError(f"{where} states {stated}, the folder holds {real}; make the store again.")


def _check_events(
    connection: duckdb.DuckDBPyConnection, layout: Layout, manifest: Manifest
) -> dict[str, int]:
    dirt = dict.fromkeys(DIRT, 0)
    for kind in EVENTS.by_name["unit_price"].types:
        # partitions with numbers and with text are scanned apart: casting all to text would be slow
        files = tuple(file for file in layout.tables["events"] if file.types["unit_price"] == kind)
        if files:
            applied = event_rules(EVENTS, manifest, text_price=kind == "VARCHAR")
            counts = _check(connection, EVENTS, files, applied, list(DIRT.values()))
            for name, count in zip(DIRT, counts, strict=True):
                dirt[name] += count
    return dirt


def _check(
    connection: duckdb.DuckDBPyConnection,
    table: TableSpec,
    files: tuple[TableFile, ...],
    applied: list[Rule],
    counted: list[str],
) -> list[int]:
    """Count the rows that break a rule, and those that meet the `counted` conditions, in one scan.

    Raises
    ------
    JourneyError
        When a file cannot be read or breaks a rule.
    """  # noqa: DOC501 (_unreadable and _fault make JourneyErrors)
    paths = [str(file.path) for file in files]
    partitioned = ", hive_partitioning = true, hive_types = {'day': 'DATE'}" if table is EVENTS else ""
    source = f"read_parquet($paths, filename = true{partitioned})"
    conditions = [*(rule.condition for rule in applied), *counted]
    counts = ", ".join(f"count(*) filter (where {condition})" for condition in conditions)
    try:
        row = connection.execute(f"select {counts} from {source}", {"paths": paths}).fetchone()
    except duckdb.Error as error:
        raise _unreadable(files, error) from None
    assert row is not None
    for rule, count in zip(applied, row, strict=False):
        if count:
            raise _fault(connection, source, paths, rule, files)
    return list(row[len(applied) :])


def _fault(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    paths: list[str],
    rule: Rule,
    files: tuple[TableFile, ...],
) -> JourneyError:
    """Say in which file a rule is broken, how often, and by which value."""
    # filtered aggregates, not `where`: a pushed-down filter trusts Parquet statistics, which leave NaN out
    hits = connection.execute(
        f"select filename, count(*) filter (where {rule.condition}) as hits,"
        f" (first({rule.column}) filter (where {rule.condition}))::varchar"
        f" from {source} group by filename having hits > 0 order by filename",
        {"paths": paths},
    ).fetchall()
    filename, count, example = hits[0]
    rows = next(file.rows for file in files if str(file.path) == filename)
    shown = "" if example is None else f", such as {example!r}"
    more = len(hits) - 1
    others = f" and in {more:,} more file{'s' if more > 1 else ''}" if more else ""
    return JourneyError(
        f"{filename}: column {rule.column} has {count:,} of {rows:,} rows {rule.fault}{shown}{others};"
        " correct the file or make the store again."
    )


def _unreadable(files: tuple[TableFile, ...], error: duckdb.Error) -> JourneyError:
    """Find the file behind an error of a scan over many: its footer is whole, its pages are not."""
    import pyarrow
    import pyarrow.parquet

    for file in files:
        try:
            pyarrow.parquet.read_table(file.path, partitioning=None)
        except (pyarrow.ArrowException, OSError):
            return JourneyError(
                f"{file.path} is damaged: its {file.rows:,} rows cannot be read; make the store again."
            )
    return JourneyError(f"{files[0].path.parent} cannot be read: {str(error).splitlines()[0]}")


def _check_key(connection: duckdb.DuckDBPyConnection, table: TableSpec, file: TableFile) -> None:
    key = ", ".join(table.key)
    row = connection.execute(
        f"select count(*), min(({key})::varchar) from"
        f" (select {key} from read_parquet($path) group by {key} having count(*) > 1)",
        {"path": str(file.path)},
    ).fetchone()
    if row and row[0]:
        raise JourneyError(
            f"{file.path}: column {key} is not unique: {row[0]:,} repeated, such as {row[1]} (of"
            f" {file.rows:,} rows; {table.grain}); remove the duplicates or make the store again."
        )


def _check_frames(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Read small tables, and samples of large ones, as data frames and let pandera judge them.

    Raises
    ------
    JourneyError
        When a table does not fit its pandera schema.
    """
    import pandera.errors

    for name, files in layout.tables.items():
        for file in {files[0].path: files[0], files[-1].path: files[-1]}.values():
            frame = connection.execute(
                f"select {', '.join(SCHEMA[name].names)} from read_parquet($path, hive_partitioning = false)"
                f" limit {FRAME_ROWS}",
                {"path": str(file.path)},
            ).df()
            text_price = file.types.get("unit_price") == "VARCHAR"
            try:
                pandera_schema(name, text_price=text_price).validate(frame)
            except pandera.errors.SchemaError as error:
                reason = " ".join(str(error).split())[:300]
                raise JourneyError(
                    f"{file.path} does not fit the schema of {name} ({file.rows:,} rows): {reason};"
                    " make the store again."
                ) from None


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")
