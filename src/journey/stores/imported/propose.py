"""A first map for a log, or more of one that is there: each guess with its evidence beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from journey.errors import JourneyError
from journey.files import write_text
from journey.stores.imported.columns import Column, look, plain, roles_by_content, roles_by_name
from journey.stores.imported.draft import Entry, continued, missing, open_points, settled, text_of
from journey.stores.imported.evidence import (
    event_entries,
    file_entries,
    rule_entries,
    skip_entries,
    time_entries,
)
from journey.stores.imported.needed import check_column, check_files
from journey.stores.imported.shopmap import PRESETS, ROLES, check_entries, map_text, preset_names, read_map
from journey.stores.imported.sources import (
    Source,
    find_files,
    open_source,
    reading_problem,
    skipped,
)

#: What is asked for where no column is found; a price only where there is no list price.
ASKED = ("time", "user", "event", "item", "price")


def propose_map(events: str, target: Path) -> list[str]:
    """Look at a log and write a first map, or add to one; lines that say what was found.

    Parameters
    ----------
    events
        A file, a folder or a pattern, as `import_shop` takes it.
    target
        Where the map is written. What stands there already is kept as it is.

    Raises
    ------
    JourneyError
        When the log cannot be read, or the map that is there is none, names columns that the log does not
        have, or is written so that nothing can be added.
    """
    if target.exists():
        return _continue(events, target)
    files = find_files(events)
    source = open_source(files, skip=skipped(files))
    preset = fitting_preset(source)
    if preset:
        text = (PRESETS / f"{preset}.toml").read_text(encoding="utf-8")
        write_text(target, f"# The columns are those of the preset {preset}.\n{text}")
        return [f"{source.shown}: the columns are those of the preset {preset}."]
    roles, draft = _draft(source, {})
    first = f"# A first map for {plain(source.files[0].name)}, by the names and contents of its columns."
    write_text(target, "\n".join([first, *text_of(draft)]) + "\n")
    said = [f"{source.shown}: {len(source.columns)} columns."]
    said += [f"{role}: {column}" for role, column in roles.items()]
    return [*said, *_left(open_points(draft))]


def fitting_preset(source: Source) -> str | None:
    """The preset whose columns the files have, if there is one."""
    for name in preset_names():
        mapped, _ = read_map(name)
        if mapped.layout == "ga4":
            wanted = {"event_date", "event_timestamp", "event_name", "user_pseudo_id"}
        else:
            wanted = {*mapped.columns.values()}
        if not mapped.header and wanted <= {*source.columns}:
            return name
    return None


def _continue(events: str, target: Path) -> list[str]:
    """Add to a map what it does not say yet.

    Raises
    ------
    JourneyError
        For a map with an entry that makes no sense or a layout that knows the columns, and for a log that
        cannot be read or lacks a column of the map.
    """
    text, value = map_text(target)
    check_entries(value, target.name)
    if value.get("file", {}).get("layout", "rows") != "rows":
        raise JourneyError(f"{target}: its layout knows the columns, so there is nothing to propose")
    file, files = value.get("file", {}), find_files(events)
    source = open_source(
        files,
        header=file.get("header") or (),
        delimiter=file.get("delimiter") or "",
        skip=file.get("skip", skipped(files)),
    )
    for role, column in value.get("columns", {}).items():
        if column != "":
            check_column(source, role, column)
    _, draft = _draft(source, value)
    additions = missing(draft, value)
    made, added = continued(text, additions, target.name)
    if made != text:
        write_text(target, made)
    kept = sum(settled(value, section, key) for section, entries in value.items() for key in entries)
    said = f"{target}: kept the {kept} entries that it had as they were; added {', '.join(added) or 'none'}."
    return [said, *_left(open_points(additions))]


def _left(points: list[str]) -> list[str]:
    return [f"To be decided (marked with # ?): {'; '.join(points)}."] if points else []


def _draft(source: Source, decided: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, list[Entry]]]:
    """Role -> column, and all that is proposed, where some is decided already.

    Raises
    ------
    JourneyError
        When DuckDB cannot read the log.
    """  # noqa: DOC501 (reading_problem makes a JourneyError)
    with duckdb.connect() as connection:
        try:
            return _drafted(connection, source, decided)
        except duckdb.Error as error:
            raise reading_problem(source, error) from None


def _drafted(
    connection: duckdb.DuckDBPyConnection, source: Source, decided: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, list[Entry]]]:
    columns = {name: look(connection, source, name) for name in source.columns}
    given = {role: name for role, name in decided.get("columns", {}).items() if name in columns}
    roles = roles_by_name(columns, given)
    told = roles_by_content(connection, source, columns, roles)
    if decided.get("events", {}).get("always"):
        roles, told = ({role: n for role, n in found.items() if role != "event"} for found in (roles, told))
    roles = {role: (roles | told)[role] for role in ROLES if role in roles or role in told}
    check_files(source, roles)
    return roles, {
        "file": [*skip_entries(source), *file_entries(connection, source, roles, columns)],
        "columns": column_entries(columns, roles, told),
        "events": event_entries(connection, source, roles, decided.get("events", {})),
        "time": time_entries(connection, source, roles, columns, decided.get("time", {})),
        "rules": rule_entries(connection, source, roles, columns),
    }


def column_entries(
    columns: Mapping[str, Column], roles: Mapping[str, str], told: Mapping[str, str]
) -> list[Entry]:
    """Which column is what; `told` are the roles that only the contents show."""
    entries = []
    for role in ROLES:
        if role in roles:
            mark = "? told by its contents: " if role in told else ""
            line = f"{role} = {json.dumps(roles[role], ensure_ascii=False)}"
            entries.append(Entry(role, (f"# {mark}{columns[roles[role]].shown}", line)))
        elif role in ASKED and not (role == "price" and "list_price" in roles):
            asked = f"# ? not found: {ROLES[role]}. Columns: {', '.join(map(plain, columns))}"
            entries.append(Entry(role, (asked, f'# {role} = ""'), f"{role} ({ROLES[role]})"))
    if unused := [name for name in columns if name not in roles.values()]:
        entries.append(Entry("", (f"# Not used: {', '.join(map(plain, unused))}",)))
    return entries
