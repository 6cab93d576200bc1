"""The files of a store folder: which must be there, which may, and what their footers say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from journey.errors import JourneyError
from journey.stores.schema.tables import EVENTS, EXPOSURES, ITEMS, USERS, TableSpec

_IGNORED = frozenset({".DS_Store", "Thumbs.db"})
_PARTITION = re.compile(r"day=(\d{4}-\d{2}-\d{2})")
_ARROW = {"BIGINT": "int64", "DOUBLE": "double", "VARCHAR": "string", "TIMESTAMP": "timestamp[us]"}


@dataclass(frozen=True)
class TableFile:
    """One Parquet file of a table: its rows and the types of its columns, from its footer."""

    path: Path
    rows: int
    types: dict[str, str]


@dataclass(frozen=True)
class Layout:
    """Every file of a store, by table; events in the order of their days."""

    tables: dict[str, tuple[TableFile, ...]]
    days: tuple[date, ...]
    bytes: int
    has_truth: bool


def read_layout(folder: Path, *, without_items: bool = False) -> Layout:
    """List the files of a store and read their footers; a store that records no item lists none.

    Raises
    ------
    JourneyError
        For a missing, foreign, empty, truncated or duplicated file, and for columns that do not match.
    """
    single = (USERS, ITEMS, EXPOSURES)
    known = {table.path for table in single} | {"manifest.json", "events", "truth"}
    _refuse_foreign(folder, known)
    tables: dict[str, tuple[TableFile, ...]] = {
        table.name: (_footer(folder / table.path, table, empty=without_items and table is ITEMS),)
        for table in single
    }
    days = _partitions(folder / "events")
    tables["events"] = tuple(_footer(path, EVENTS) for path in days.values())
    files = [file for listed in tables.values() for file in listed]
    return Layout(
        tables=tables,
        days=tuple(days),
        bytes=sum(file.path.stat().st_size for file in files),
        has_truth=(folder / "truth").is_dir(),
    )


def _refuse_foreign(folder: Path, known: set[str]) -> None:
    foreign = sorted(entry.name for entry in folder.iterdir() if entry.name not in known | _IGNORED)
    if foreign:
        raise JourneyError(
            f"{folder} holds {', '.join(foreign[:5])}, which is no part of a store; move it elsewhere"
            f" (a store holds {', '.join(sorted(known))})."
        )


def _partitions(events: Path) -> dict[date, Path]:
    if not events.is_dir():
        raise JourneyError(f"{events} is missing; make the store again.")
    days: dict[date, Path] = {}
    for entry in sorted(events.iterdir()):
        if entry.name in _IGNORED:
            continue
        day = _day_of(entry)
        inside = [file for file in sorted(entry.iterdir()) if file.name not in _IGNORED]
        if extra := [file.name for file in inside if file.name != "events.parquet"]:
            raise JourneyError(
                f"{entry} holds {', '.join(extra[:5])} beside events.parquet: its rows may be there twice;"
                " remove it."
            )
        if not inside:
            raise JourneyError(f"{entry} holds no events.parquet; make the store again.")
        days[day] = inside[0]
    if not days:
        raise JourneyError(f"{events} holds no day; make the store again.")
    return days


def _day_of(entry: Path) -> date:
    matched = _PARTITION.fullmatch(entry.name)
    try:
        if matched and entry.is_dir():
            return date.fromisoformat(matched[1])
    except ValueError:
        pass
    raise JourneyError(
        f"{entry} is not a partition: events hold one folder a day, named day=YYYY-MM-DD; move it elsewhere."
    )


def _footer(path: Path, table: TableSpec, *, empty: bool = False) -> TableFile:
    import pyarrow
    import pyarrow.parquet

    if not path.is_file():
        raise JourneyError(f"{path} is missing; make the store again.")
    if path.stat().st_size == 0:
        raise JourneyError(f"{path} is empty (0 bytes); make the store again.")
    try:
        metadata = pyarrow.parquet.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except (pyarrow.ArrowInvalid, OSError):
        raise JourneyError(
            f"{path} is not a complete Parquet file ({path.stat().st_size:,} bytes): it was truncated or is"
            " something else; make the store again."
        ) from None
    rows = metadata.num_rows
    names = [name for name in schema.names if not (table is EVENTS and name == "day")]
    if missing := [name for name in table.names if name not in names]:
        raise JourneyError(f"{path} lacks column {', '.join(missing)} ({rows:,} rows); make the store again.")
    if foreign := [name for name in names if name not in table.by_name]:
        raise JourneyError(
            f"{path} has unknown column {', '.join(foreign)} ({rows:,} rows; known:"
            f" {', '.join(table.names)}); remove it or add it to journey.stores.schema."
        )
    types = {}
    for name in table.names:
        found = str(schema.field(name).type)
        legal = table.by_name[name].types
        match = next((kind for kind in legal if found in (_ARROW[kind], f"large_{_ARROW[kind]}")), None)
        if match is None:
            raise JourneyError(
                f"{path}: column {name} is {found}, expected {' or '.join(_ARROW[kind] for kind in legal)}"
                f" ({rows:,} rows); cast it or make the store again."
            )
        types[name] = match
    if rows == 0 and not (table.may_be_empty or empty):
        raise JourneyError(f"{path} has 0 rows; make the store again.")
    return TableFile(path, rows, types)
