"""Verify a file of a real data set: structure, checksum, rows and totals.

Copies that circulate are often broken (a sheet missing, dates shifted, rows lost), so nothing is analysed
before its bytes or its totals are those of the original.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.catalog import DataFile, Dataset


@dataclass(frozen=True)
class Verification:
    """What was found in a file that passed.

    Attributes
    ----------
    sha256 : str
        Checksum of the bytes.
    rows : int
        Rows of the table.
    totals : tuple of (str, float)
        Each total by name, as found.
    """

    sha256: str
    rows: int
    totals: tuple[tuple[str, float], ...]


_verified: dict[tuple[DataFile, str, int, int], Verification] = {}


def verify(dataset: Dataset, file: DataFile, path: Path, *, shown: str | None = None) -> Verification:
    """Check one file against the list; the result is remembered for as long as the file is unchanged.

    Parameters
    ----------
    dataset, file : Dataset, DataFile
        What the file should be.
    path : Path
        The file.
    shown : str, optional
        What to call the file in an error, when `path` is a scratch file.

    Raises
    ------
    JourneyError
        Names the file, what was expected and what was found.
    """
    status = path.stat()
    key = (file, str(path.resolve()), status.st_size, status.st_mtime_ns)
    if key not in _verified:
        _verified[key] = _verify(dataset, file, path, shown or str(path))
    return _verified[key]


def relation(file: DataFile, path: Path) -> str:
    """Give the SQL that reads a file with the names and types of the list."""
    where = quoted(str(path))
    if file.format == "parquet":
        columns = ", ".join(f"{identifier(c.source)}::{c.type} as {identifier(c.name)}" for c in file.columns)
        return f"(select {columns} from read_parquet({where}))"
    if file.format == "csv":
        types = ", ".join(f"{quoted(c.source)}: {quoted(c.type)}" for c in file.columns)
        columns = ", ".join(f"{identifier(c.source)} as {identifier(c.name)}" for c in file.columns)
        return (
            f"(select {columns} from read_csv({where}, auto_detect=false, header=true, quote='\"',"
            f" escape='\"', delim={quoted(file.delimiter)}, columns={{{types}}}))"
        )
    columns = ", ".join(_word(i, c.type) + f" as {identifier(c.name)}" for i, c in enumerate(file.columns, 1))
    return (
        f"(select {columns} from (select string_split_regex(trim(line), '\\s+') as words"
        f" from read_csv({where}, auto_detect=false, header=false, delim='\\t', quote='', escape='',"
        " columns={'line': 'VARCHAR'}) where trim(line) <> ''))"
    )


def quoted(text: str) -> str:
    """Quote text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def reading_error(error: duckdb.Error) -> str:
    """Shorten DuckDB's message on a bad file to the line number, the column and the value."""
    first, *others = [line.strip() for line in str(error).strip().splitlines()]
    telling = [line for line in others if line.startswith(("Error when", "Expected Number"))]
    return ". ".join([first, *telling])


def sha256_of(path: Path) -> str:
    """Checksum of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _word(position: int, kind: str) -> str:
    word = f"words[{position}]"
    return f"strptime({word}, '%Y%m%d')::date" if kind == "DATE" else f"{word}::{kind}"


def _verify(dataset: Dataset, file: DataFile, path: Path, shown: str) -> Verification:
    size = path.stat().st_size
    delete = "delete it and " if shown == str(path) else ""
    again = f"{delete}run `journey fetch {dataset.name}` again, or see {dataset.home}"
    if size == 0:
        raise JourneyError(f"{shown} is empty (0 bytes); {again}.")
    check_header(file, path, shown, again)
    if file.bytes is not None and size != file.bytes:
        raise JourneyError(
            f"{shown} has {size:,} bytes, expected {file.bytes:,}: it is incomplete or altered; {again}."
        )
    checksum = sha256_of(path)
    if file.sha256 is not None and checksum != file.sha256:
        raise JourneyError(f"{shown} has SHA-256 {checksum}, expected {file.sha256}: it is altered; {again}.")
    names = ["count(*)", *(total.expression for total in file.totals)]
    selection = ", ".join(f"({expression})" for expression in names)
    try:
        with duckdb.connect() as connection:
            row = connection.execute(
                f"with data as materialized (from {relation(file, path)}) select {selection} from data"
            ).fetchone()
    except duckdb.Error as error:
        raise JourneyError(
            f"{shown} cannot be read as {file.format}: {reading_error(error)}; {again}."
        ) from None
    assert row is not None
    rows, *found = row
    if file.rows is not None and rows != file.rows:
        raise JourneyError(f"{shown} has {rows:,} rows, expected {file.rows:,}; {again}.")
    for total, value in zip(file.totals, found, strict=True):
        if value is None or abs(float(value) - total.expected) > total.tolerance:
            number = "nothing" if value is None else f"{value:,}"
            raise JourneyError(
                f"{shown}: {total.what} is {number}, expected {total.expected:,} (of {rows:,} rows); {again}."
            )
    return Verification(
        checksum, rows, tuple((t.what, float(v)) for t, v in zip(file.totals, found, strict=True))
    )


def check_header(file: DataFile, path: Path, shown: str, again: str) -> None:
    """Compare the column names in the file with the list, before its bytes, for the clearer message.

    Raises
    ------
    JourneyError
        When the names cannot be read, one is missing or unknown, or those of a CSV file are in another order.
    """
    expected = [column.source for column in file.columns]
    if file.format == "csv":
        found = _csv_header(file, path, shown, again)
    elif file.format == "parquet":
        found = _parquet_header(path, shown, again)
    else:
        return
    if missing := [name for name in expected if name not in found]:
        raise JourneyError(
            f"{shown} lacks column {', '.join(missing)} (found: {', '.join(found[:20])}); {again}."
        )
    if foreign := [name for name in found if name not in expected]:
        raise JourneyError(f"{shown} has unknown column {', '.join(foreign)}; {again}.")
    if found != expected and file.format == "csv":
        raise JourneyError(f"{shown} has its columns in another order: {', '.join(found)}; {again}.")


def _csv_header(file: DataFile, path: Path, shown: str, again: str) -> list[str]:
    with path.open("rb") as stream:
        line = stream.readline(65_536)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise JourneyError(f"{shown} is not UTF-8 text (byte {error.start}); {again}.") from None
    found = next(csv.reader([text], delimiter=file.delimiter), [])
    if len(found) == 1 and len(file.columns) > 1:
        for other in (",", ";", "\t", "|"):
            if other != file.delimiter and text.count(other) + 1 >= len(file.columns):
                raise JourneyError(
                    f"{shown} is separated by {other!r}, expected {file.delimiter!r} with"
                    f" {len(file.columns)} columns; {again}."
                )
    return found


def _parquet_header(path: Path, shown: str, again: str) -> list[str]:
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_schema(path).names
    except (pyarrow.ArrowInvalid, OSError):
        raise JourneyError(f"{shown} is not a complete Parquet file; {again}.") from None
