"""Import a log: read, judge, write aside, and put in place as a whole."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from journey.errors import JourneyError
from journey.files import replacing, write_json, write_text
from journey.paths import Paths, ShopPaths
from journey.stores.adapters import STORES
from journey.stores.canonical import Progress, write_days, write_tables
from journey.stores.imported import checks
from journey.stores.imported.exposures import exposures_sql
from journey.stores.imported.ga4 import superseded
from journey.stores.imported.needed import check_columns, null_columns
from journey.stores.imported.orders import make_orders
from journey.stores.imported.rows import REASONS, Read, read_rows
from journey.stores.imported.sessions import OWN, RULE, STARTS, visits, write_own_sessions
from journey.stores.imported.shopmap import DEFAULT_GAP, USER_ROLES, ShopMap, read_map
from journey.stores.imported.sources import Source, find_files, open_source
from journey.stores.imported.users import read_users
from journey.stores.imported.write import make_dictionaries, make_events, not_recorded, tables
from journey.stores.schema import Manifest, Partitions, write_manifest

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MEMORY = "3GB"


@dataclass(frozen=True)
class Imported:
    """An import that is in place: where, and what its report says."""

    folder: Path
    report: Mapping[str, Any]

    def __str__(self) -> str:
        rows, kept = self.report["rows"], self.report["kept"]
        aside = ", ".join(f"{each['rows']:,} {each['words']}" for each in self.report["aside"])
        return f"{self.folder}: {kept:,} of {rows:,} rows kept" + (f"; set aside: {aside}" if aside else "")


def import_shop(
    events: str, map_file: str | Path, name: str, paths: Paths, progress: Progress | None = None
) -> Imported:
    """Bring a shop's event log into the canonical schema under `data/stores/NAME`.

    Parameters
    ----------
    events
        A file, a folder or a pattern: CSV, gzip CSV, NDJSON or Parquet.
    map_file
        The map, or the name of a preset.
    name
        What the store is called: small letters, digits, `-` and `_`.
    progress
        Called as `progress(days written, days)`.

    Returns
    -------
    Imported
        With the report as `data/stores/NAME/import.json` has it.

    Raises
    ------
    JourneyError
        For anything that is not right, with file, line and column; nothing is written then.
    """
    check_name(name)
    mapped, text = read_map(map_file)
    opened = open_source(
        find_files(events), header=mapped.header, delimiter=mapped.delimiter, skip=mapped.skip
    )
    source = replace(opened, by_line=mapped.layout == "rows")
    if mapped.layout == "rows":
        check_columns(source, mapped)
    target = paths.root / "data" / "stores" / name
    if target.exists() and not (target / "import.json").is_file():
        raise JourneyError(f"{target} holds something that no import made; move it elsewhere")
    with replacing(target) as folder:
        folder.mkdir()
        with tempfile.TemporaryDirectory(prefix=".spill.", dir=folder.parent) as spill:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": MEMORY,
                "temp_directory": spill,
                "threads": 2,
            }
            with duckdb.connect(str(Path(spill) / "log.duckdb"), config=config) as connection:
                report = _import(connection, source, mapped, name, folder, progress)
        write_text(folder / "shop.toml", text)
        write_json(folder / "import.json", report)
    return Imported(target, report)


def read_report(paths: ShopPaths) -> dict[str, Any]:
    """The report of a store's import.

    Raises
    ------
    JourneyError
        When the store has not been imported.
    """
    try:
        return dict(json.loads(paths.report.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise JourneyError(
            f"there is no store {paths.shop!r} in {paths.home.parent}; bring one in with"
            f" `journey import EVENTS --map shop.toml --name {paths.shop}`"
        ) from None


def check_name(name: str) -> None:
    """Refuse a name that is no store's, or that is taken.

    Raises
    ------
    JourneyError
        For such a name.
    """
    if not NAME.fullmatch(name) or name in STORES:
        raise JourneyError(
            f"a store cannot be called {name!r}; use small letters, digits, - and _, at most 40, a letter"
            f" first, and not {' or '.join(STORES)}"
        )


def _import(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapped: ShopMap,
    name: str,
    folder: Path,
    progress: Progress | None,
) -> dict[str, Any]:
    read = read_rows(connection, source, mapped)
    orders = make_orders(connection, mapped)
    kinds = dict(
        connection.execute("select kind, count(*) from rows where reason is null group by kind").fetchall()
    )
    if not sum(kinds.values()):
        reasons = ", ".join(f"{rows:,} with {REASONS[reason]}" for reason, rows in read.aside.items())
        raise JourneyError(f"{source.shown}: none of {read.rows:,} rows can be kept: {reasons}")
    make_dictionaries(connection, folder / "ids", read.text_ids)
    make_events(connection, mapped, read.text_ids)
    overlaps = write_own_sessions(connection, folder / STARTS, read.text_ids) if mapped.own_sessions else {}
    raw = folder / "raw"
    raw.mkdir()
    exposures = exposures_sql(connection, mapped, read.text_ids)
    told = read_users(connection, mapped, read.text_ids) if mapped.users else {}
    shown = tables(connection, read.text_ids, told=bool(told)) | {"exposures": exposures}
    counts = write_tables(connection, raw, shown)
    days, first, last = write_days(connection, raw / "events", progress)
    columns, types = not_recorded(mapped, kinds)
    write_manifest(
        raw,
        Manifest(
            store=name,
            rows=counts,
            first_day=first,
            last_day=last,
            partitions=Partitions.of(days),
            parameters=_parameters(connection, source, mapped),
            missing_columns=columns,
            missing_event_types=types,
        ),
    )
    report = _report(connection, source, mapped, read, orders, kinds)
    report["visits"] |= overlaps
    return report | {
        "told": told,
        "told_by": {entry: mapped.users[entry] for entry in USER_ROLES if entry in mapped.users},
        "store": name,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "users": counts["users"],
        "items": counts["items"],
        "not_recorded": {"columns": list(columns), "event_types": list(types)},
    }


def _parameters(connection: duckdb.DuckDBPyConnection, source: Source, mapped: ShopMap) -> dict[str, Any]:
    rule = OWN if mapped.own_sessions else mapped.session_gap
    return {
        "partial_columns": list(checks.partial_columns(connection, mapped)),
        "files": {file.name: file.stat().st_size for file in source.files},
        "currency": mapped.currency,
        "shop_zone": mapped.shop_zone,
        "order": mapped.order,
    } | ({} if rule == DEFAULT_GAP else {RULE: rule})


def _report(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapped: ShopMap,
    read: Read,
    orders: Mapping[str, int],
    kinds: Mapping[str, int],
) -> dict[str, Any]:
    # Filling in orders and taking out repeated lines may have changed reasons since the log was read.
    aside = dict(
        connection.execute(
            "select reason, count(*) from rows where reason is not null group by reason"
        ).fetchall()
    )
    older = superseded(connection, source) if mapped.layout == "ga4" else 0
    listed = [
        {
            "reason": reason,
            "words": words,
            "rows": aside[reason],
            "where": read.examples.get(reason, ("", ""))[0].rpartition("/")[2],
            "example": read.examples.get(reason, ("", ""))[1],
        }
        for reason, words in REASONS.items()
        if reason in aside
    ]
    if older:
        listed.insert(
            0,
            {
                "reason": "superseded",
                "words": REASONS["superseded"],
                "rows": older,
                "where": "",
                "example": "",
            },
        )
    return {
        "rows": read.rows + older,
        "kept": sum(kinds.values()),
        "aside": listed,
        "cut_lines": list(read.cut_lines),
        "files": [file.name for file in source.files],
        "time": read.moment.shown,
        "zone": mapped.zone or mapped.shop_zone,
        "shop_zone": mapped.shop_zone,
        "currency": mapped.currency,
        "order_rule": mapped.order,
        "session_rule": OWN if mapped.own_sessions else mapped.session_gap,
        "text_ids": list(read.text_ids),
        "kinds": dict(kinds),
        "orders": dict(orders),
        "mapped": dict(mapped.columns),
        "null_columns": null_columns(source, mapped),
        "checks": checks.clock_checks(connection, mapped, read.moment),
        "words": checks.unknown_words(connection, mapped),
        "visits": visits(connection, mapped),
    }
