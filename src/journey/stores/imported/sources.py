"""The files of a log: found, told apart, and read by DuckDB as columns of text.

A file is known by its first bytes, not by its name. Everything is read as it is written; what it means is
decided by the map (`journey.stores.imported.rows`).
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from journey.errors import JourneyError
from journey.stores.catalog import unknown_name
from journey.stores.imported.shopmap import ShopMap
from journey.stores.verify import identifier, quoted, reading_error

DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 1 << 16
#: Lines of JSON of which the keys are looked at.
JSON_LINES = 1000
IGNORED = ("_SUCCESS", ".DS_Store", "Thumbs.db", "README", "README.md")


@dataclass(frozen=True)
class Source:
    """The files of one log.

    Attributes
    ----------
    files
        In the order in which they are read.
    kind
        `csv`, `parquet` or `json` (one object a line).
    columns
        Names of the columns, or of the keys.
    types
        DuckDB types of the columns; all text for CSV and JSON.
    delimiter
        Of a CSV.
    has_header
        Whether the first line of a CSV names the columns.
    by_line
        Whether a row of the table is one of the file, in its order; not so where lists are unfolded.
    """

    files: tuple[Path, ...]
    kind: str
    columns: tuple[str, ...]
    types: dict[str, str]
    delimiter: str = ","
    has_header: bool = True
    by_line: bool = True

    @property
    def shown(self) -> str:
        """The log in a sentence."""
        more = len(self.files) - 1
        return f"{self.files[0]}" + (f" and {more} more file{'s' if more > 1 else ''}" if more else "")

    def relation(self, names: Sequence[str], *, tolerant: bool = False) -> str:
        """SQL that reads some columns, in the order of the files; `tolerant` keeps bad lines aside."""
        files = "[" + ", ".join(quoted(str(file)) for file in self.files) + "]"
        chosen = ", ".join(identifier(name) for name in names)
        if self.kind == "parquet":
            options = "filename = true, union_by_name = true"
            return f"(select {chosen}, filename from read_parquet({files}, {options}))"
        if self.kind == "json":
            kinds = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in dict.fromkeys(names))
            return (
                f"(select {chosen}, filename from read_json({files}, format = 'newline_delimited',"
                f" filename = true, columns = {{{kinds}}}, maximum_object_size = 67108864))"
            )
        kinds = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in self.columns)
        rejects = ", store_rejects = true, rejects_limit = 10" if tolerant else ""
        return (
            f"(select {chosen}, filename from read_csv({files}, auto_detect = false, filename = true,"
            f" header = {str(self.has_header).lower()}, delim = {quoted(self.delimiter)}, quote = '\"',"
            f" escape = '\"', max_line_size = 16777216, columns = {{{kinds}}}{rejects}))"
        )


def find_files(events: str) -> tuple[Path, ...]:
    """Files of a path, a folder or a pattern, in the order of their names.

    Raises
    ------
    JourneyError
        When there is nothing.
    """
    path = Path(events).expanduser()
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file()]
    elif path.is_file():
        return (path,)
    else:
        above = Path(path.anchor) if path.anchor else Path()
        pattern = str(path.relative_to(above)) if path.parts else "*"
        found = [file for file in above.glob(pattern) if file.is_file()]
    found = [file for file in found if file.name not in IGNORED and file.name[0] not in "._"]
    if not found:
        raise JourneyError(f"{events}: there is no such file, folder with files, or pattern that fits one")
    return tuple(sorted(found, key=lambda file: _natural(str(file))))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key by which part 2 comes before part 10."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", name)]


def open_source(files: tuple[Path, ...], *, header: Sequence[str] = (), delimiter: str = "") -> Source:
    """Look at the heads of the files and say how to read them; `header` names columns where no line does.

    Raises
    ------
    JourneyError
        For a file that is empty, of another kind, another encoding, or other columns than the first.
    """
    kinds = {file: _kind(file) for file in files}
    first = kinds[files[0]]
    if odd := [file for file, kind in kinds.items() if kind != first]:
        raise JourneyError(
            f"{odd[0]} is {kinds[odd[0]]}, but {files[0]} is {first}; import one kind at a time"
        )
    if first == "parquet":
        types = _parquet_types(files)
        return Source(files, first, tuple(types), types)
    if first == "json":
        keys = _json_keys(files[0])
        return Source(files, first, keys, dict.fromkeys(keys, "VARCHAR"))
    return _open_csv(files, tuple(header), delimiter)


def check_columns(source: Source, mapped: ShopMap) -> None:
    """Refuse a map whose columns the files do not have, or have twice.

    Raises
    ------
    JourneyError
        Names the file, the column and the nearest one.
    """
    for role, column in mapped.columns.items():
        check_column(source, role, column)


def check_column(source: Source, role: str, column: str) -> None:
    """Refuse a column that the files do not have; errors are as in `check_columns`."""
    top = column.partition(".")[0] if source.kind == "json" else column
    if top not in source.columns:
        error = unknown_name("column", column, source.columns)
        raise JourneyError(f"{source.files[0]}: no {role}. {error}")


def _open_csv(files: tuple[Path, ...], header: tuple[str, ...], delimiter: str) -> Source:
    line = _first_line(files[0])
    delimiter = delimiter or max(DELIMITERS, key=line.count)
    if header:
        found = len(next(csv.reader([line], delimiter=delimiter)))
        if found != len(header):
            raise JourneyError(f"{files[0]}, line 1: {found} columns, but [file] header names {len(header)}")
        return Source(files, "csv", header, dict.fromkeys(header, "VARCHAR"), delimiter, has_header=False)
    names = _header(files[0], delimiter)
    for file in files[1:]:
        if _header(file, delimiter) != names:
            raise JourneyError(
                f"{file}, line 1: other columns than {files[0]} has; import files of one form at a time"
            )
    return Source(files, "csv", names, dict.fromkeys(names, "VARCHAR"), delimiter)


def _header(file: Path, delimiter: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in next(csv.reader([_first_line(file)], delimiter=delimiter), []))
    lowered = [name.lower() for name in names]
    if twice := [name for place, name in enumerate(names) if name.lower() in lowered[:place]]:
        raise JourneyError(
            f"{file}, line 1: column {twice[0]!r} is there twice among {len(names)}; rename one of them"
        )
    if "" in names:
        # pandas writes its index as a column without a name
        names = tuple(name or f"column {place}" for place, name in enumerate(names, 1))
    return names


def _first_line(file: Path) -> str:
    with _opened(file) as stream:
        line = stream.readline(HEAD_BYTES)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JourneyError(
            f"{file}, line 1: not UTF-8 text (byte {error.start}); save the file as UTF-8"
        ) from None
    text = text.rstrip("\r\n")
    if not text.strip():
        raise JourneyError(f"{file}, line 1: empty, where the names of the columns should stand")
    return text


def _opened(file: Path) -> IO[bytes]:
    with file.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(file) if packed else file.open("rb")  # type: ignore[return-value]


def _kind(file: Path) -> str:
    try:
        with _opened(file) as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, EOFError) as error:
        raise JourneyError(f"{file} cannot be read ({error}); get the whole file again") from None
    if not head:
        raise JourneyError(f"{file} is empty (0 bytes)")
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:4] == b"PK\x03\x04":
        raise JourneyError(
            f"{file} is a zip archive or a workbook; unpack it, or save the sheet as CSV (UTF-8)"
        )
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:200]:
        raise JourneyError(f"{file} is UTF-16 or binary; save it as CSV in UTF-8")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[":
        raise JourneyError(f"{file} is one list in JSON; write one object a line (NDJSON)")
    return "json" if start == b"{" else "csv"


def _parquet_types(files: tuple[Path, ...]) -> dict[str, str]:
    with duckdb.connect() as connection:
        for file in files:
            try:
                connection.execute("select count(*) from read_parquet($file)", {"file": str(file)})
            except duckdb.Error:
                raise JourneyError(
                    f"{file} is not a complete Parquet file ({file.stat().st_size:,} bytes); get it again"
                ) from None
        listed = "[" + ", ".join(quoted(str(file)) for file in files) + "]"
        rows = connection.execute(
            f"describe select * from read_parquet({listed}, union_by_name = true)"
        ).fetchall()
    return {str(name): str(kind) for name, kind, *_ in rows}


def _json_keys(file: Path) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    with _opened(file) as stream:
        for number, line in zip(range(1, JSON_LINES + 1), stream, strict=False):
            if not line.strip():
                continue
            try:
                value = json.loads(line.decode("utf-8-sig"))
            except (UnicodeDecodeError, ValueError) as error:
                raise JourneyError(f"{file}, line {number}: not an object in JSON ({error})") from None
            if not isinstance(value, dict):
                raise JourneyError(f"{file}, line {number}: not an object in JSON")
            keys |= dict.fromkeys(value)
    return tuple(keys)


def reading_problem(source: Source, error: duckdb.Error) -> JourneyError:
    """DuckDB's message on a file that it cannot read, as one sentence with file and line."""
    text = " ".join(str(error).split())
    file = next((file for file in source.files if str(file) in text), source.files[0])
    if "GZIP" in text.upper():
        return JourneyError(f"{file} ends in the middle (gzip); get the whole file again")
    if line := re.search(r"[Ll]ine:? (\d+)", text):
        expected = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        counts = (
            f"{expected[2]} columns where the first line has {expected[1]}" if expected else "cannot be read"
        )
        if "quote" in text.lower() and not expected:
            counts = "a quotation mark is opened and not closed"
        if "not utf-8" in text.lower() or "unicode" in text.lower():
            counts = "not UTF-8 text; save the file as UTF-8"
        return JourneyError(f"{file}, line {line[1]}: {counts}; correct that line")
    return JourneyError(f"{file} cannot be read: {reading_error(error)}")


def ends_cut(file: Path) -> bool:
    """Whether a file does not end with a line break; of a packed one that is not asked."""
    with file.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return False
        stream.seek(-1, 2)
        return stream.read(1) not in (b"\n", b"\r")


def line_of(source: Source, file: Path, row: int, most: int = 2_000_000) -> str:
    """The line on which a data row stands, counted from 1, as `line 5`; far into a file, its row."""
    if source.kind == "json":
        return f"line {row}"
    if source.kind == "csv" and row <= most:
        with _opened(file) as raw:
            reader = csv.reader((line.decode("utf-8", "replace") for line in raw), delimiter=source.delimiter)
            before, left = 0, row + (1 if source.has_header else 0)
            for cells in reader:
                left -= bool(cells)  # an empty line is no row
                if not left:
                    return f"line {before + 1}"
                before = reader.line_num
    return f"row {row:,}"
