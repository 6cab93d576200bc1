"""The manifest of a store: written last, so that its presence says the store is complete."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.files import write_json
from journey.stores.schema.tables import EVENT_TYPES, SCHEMA, SCHEMA_VERSION


@dataclass(frozen=True)
class Partitions:
    """How many days of events a store holds, and the first and last of them."""

    count: int
    first: date
    last: date

    @classmethod
    def of(cls, days: Sequence[date]) -> Partitions:
        """Describe a list of days in order."""
        return cls(len(days), days[0], days[-1])

    def __str__(self) -> str:
        return f"{self.count:,} days of events from {self.first} to {self.last}"


@dataclass(frozen=True)
class Manifest:
    """What a store says about itself.

    Attributes
    ----------
    store : str
        Name of the store.
    rows : mapping of str to int
        Rows of each table.
    first_day, last_day : date
        The window in which the events happened.
    partitions : Partitions
        The days on which events were received: rows of the last days may arrive after the window.
    parameters : mapping
        What the store was made from (sizes and seed, or the checksum of the source).
    missing_columns : tuple of str
        Columns the store does not record, such as `events.unit_price`.
    missing_event_types : tuple of str
        Event types the store does not record; a funnel must leave such a step out.
    """

    store: str
    rows: Mapping[str, int]
    first_day: date
    last_day: date
    partitions: Partitions
    parameters: Mapping[str, Any] = field(default_factory=dict)
    missing_columns: tuple[str, ...] = ()
    missing_event_types: tuple[str, ...] = ()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` into a store folder, as the last step of making it."""
    write_json(
        folder / "manifest.json",
        {
            "schema_version": SCHEMA_VERSION,
            "store": manifest.store,
            "rows": dict(manifest.rows),
            "first_day": manifest.first_day.isoformat(),
            "last_day": manifest.last_day.isoformat(),
            "partitions": {
                "count": manifest.partitions.count,
                "first": manifest.partitions.first.isoformat(),
                "last": manifest.partitions.last.isoformat(),
            },
            "parameters": dict(manifest.parameters),
            "not_recorded": {
                "columns": list(manifest.missing_columns),
                "event_types": list(manifest.missing_event_types),
            },
        },
    )


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a store folder.

    Raises
    ------
    JourneyError
        When the folder or the manifest is missing, or the manifest is not what was agreed.
    """
    path = folder / "manifest.json"
    if not folder.is_dir():
        raise JourneyError(f"{folder} is missing; make the store with `journey build`.")
    if not path.is_file():
        raise JourneyError(
            f"{path} is missing, so the store is incomplete; make it again (`journey build` does)."
        )
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise JourneyError(f"{path} is not UTF-8 text (byte {error.start}); make the store again.") from None
    except json.JSONDecodeError as error:
        raise JourneyError(
            f"{path} is not valid JSON: {error.msg} in line {error.lineno}; make the store again."
        ) from None
    if not isinstance(value, dict):
        raise JourneyError(f"{path} holds {type(value).__name__}, expected an object; make the store again.")
    wanted = ("schema_version", "store", "rows", "first_day", "last_day", "partitions")
    if missing := [key for key in wanted if key not in value]:
        raise JourneyError(f"{path} lacks {', '.join(missing)}; make the store again.")
    if value["schema_version"] != SCHEMA_VERSION:
        raise JourneyError(
            f"{path} is of schema version {value['schema_version']!r}, this program reads {SCHEMA_VERSION};"
            " make the store again."
        )
    return Manifest(
        store=str(value["store"]),
        rows=_rows(path, value["rows"]),
        first_day=_day(path, "first_day", value["first_day"]),
        last_day=_day(path, "last_day", value["last_day"]),
        partitions=_partitions(path, value["partitions"]),
        parameters=value.get("parameters", {}),
        **_not_recorded(path, value.get("not_recorded", {})),
    )


def _rows(path: Path, rows: Any) -> dict[str, int]:
    if (
        not isinstance(rows, dict)
        or set(rows) != set(SCHEMA)
        or not all(isinstance(count, int) and count >= 0 for count in rows.values())
    ):
        raise JourneyError(
            f"{path}: rows must give a count for each of {', '.join(SCHEMA)}, found {rows!r};"
            " make the store again."
        )
    return rows


def _partitions(path: Path, value: Any) -> Partitions:
    if not isinstance(value, dict) or not isinstance(value.get("count"), int):
        raise JourneyError(
            f"{path}: partitions must give count, first and last, found {value!r}; make the store again."
        )
    first, last = (_day(path, f"partitions.{key}", value.get(key)) for key in ("first", "last"))
    return Partitions(value["count"], first, last)


def _day(path: Path, key: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise JourneyError(
            f"{path}: {key} is {value!r}, expected YYYY-MM-DD; make the store again."
        ) from None


def _not_recorded(path: Path, value: Any) -> dict[str, tuple[str, ...]]:
    columns = {f"{table.name}.{column}" for table in SCHEMA.values() for column in table.names}
    found: dict[str, tuple[str, ...]] = {}
    for key, known in (("columns", columns), ("event_types", set(EVENT_TYPES))):
        names = value.get(key, []) if isinstance(value, dict) else None
        if not isinstance(names, list) or not known.issuperset(names):
            raise JourneyError(f"{path}: not_recorded.{key} is {names!r}; make the store again.")
        found[f"missing_{key}"] = tuple(names)
    return found
