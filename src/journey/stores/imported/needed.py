"""Columns that a map names, held against those that each file has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from journey.errors import JourneyError
from journey.stores.catalog import unknown_name
from journey.stores.imported.shopmap import ShopMap
from journey.stores.imported.sources import Source, json_keys, reading_problem
from journey.stores.verify import identifier

#: Roles without which no row of a file can be kept.
NEEDED = ("time", "user", "event", "item")
#: Roles whose column is not silently null where a file may have it under another name: sums rest on them.
COUNTED = ("order", "quantity", "price", "list_price", "discount")


def check_columns(source: Source, mapped: ShopMap) -> None:
    """Refuse a map whose columns the files do not have.

    Raises
    ------
    JourneyError
        Names the file, the column and the nearest one.
    """
    for role, column in mapped.columns.items():
        check_column(source, role, column)
    check_files(source, mapped.columns)


def check_column(source: Source, role: str, column: str) -> None:
    """Refuse a column that no file has.

    Raises
    ------
    JourneyError
        When a file cannot be read, or none has the column.
    """
    top = _top(source, column)
    if top not in source.columns and not (source.kind == "json" and _comes_late(source, top)):
        error = unknown_name("column", column, source.columns)
        raise JourneyError(f"{source.files[0]}: no {role}. {error}")


def check_files(source: Source, columns: Mapping[str, str]) -> None:
    """Refuse a file that lacks what every row needs, or seems to have a column under another name.

    Parameters
    ----------
    source
        The files.
    columns
        Role -> column that some file has.

    Raises
    ------
    JourneyError
        Names the file and the column.
    """
    for role in (role for role in NEEDED if role in columns):
        for file in lacking(source, columns[role]):
            raise JourneyError(
                f"{_shown(source, file)}: no column {columns[role]!r}, which is the {role} in other files;"
                " add it, or leave the file out"
            )
    for role in (role for role in COUNTED if role in columns and source.forms):
        having = {name for form in source.forms if columns[role] in form for name in form}
        for form, file in zip(source.forms, source.files, strict=True):
            own = [name for name in form if name not in having]
            if columns[role] not in form and own:
                raise JourneyError(
                    f"{_shown(source, file)}: no column {columns[role]!r}, which is the {role} in other"
                    f" files, but {own[0]!r}, which those do not have; give one thing one name, or leave the"
                    " file out"
                )


def lacking(source: Source, column: str) -> list[Path]:
    """The files in which a column is null because they do not have it."""
    if source.kind != "json":
        return [
            file
            for form, file in zip(source.forms, source.files, strict=bool(source.forms))
            if column not in form
        ]
    if len(source.files) == 1:
        return []
    top = _top(source, column)
    unseen = [file for file in source.files if top not in json_keys(file)]
    return [file for file in unseen if not _comes_late(replace(source, files=(file,)), top)]


def null_columns(source: Source, mapped: ShopMap) -> list[dict[str, Any]]:
    """Columns of the map that some files do not have: `column`, how many `files`, and the `first` of them."""
    if source.kind == "json" or not source.forms:
        return []
    found = [(column, lacking(source, column)) for column in dict.fromkeys(mapped.columns.values())]
    return [
        {"column": column, "files": len(files), "first": files[0].name} for column, files in found if files
    ]


def _top(source: Source, column: str) -> str:
    return column.partition(".")[0] if source.kind == "json" else column


def _shown(source: Source, file: Path) -> str:
    return f"{file}, line {source.skip + 1}" if source.kind == "csv" else str(file)


def _comes_late(source: Source, key: str) -> bool:
    """Whether a key that the first lines do not have stands further down.

    Raises
    ------
    JourneyError
        When DuckDB cannot read the files.
    """  # noqa: DOC501 (reading_problem makes a JourneyError)
    with duckdb.connect() as connection:
        sql = f"select 1 from {source.relation([key])} where {identifier(key)} is not null limit 1"
        try:
            return connection.execute(sql).fetchone() is not None
        except duckdb.Error as error:
            raise reading_problem(source, error) from None
