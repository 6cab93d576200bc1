"""The files of a log: found, told apart, and read by DuckDB as columns of text.

A file is known by its first bytes, not by its name. Everything is read as it is written; what it means is
decided by the map (`journey.stores.imported.rows`).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.heads import (
    HEAD_BYTES,
    first_line,
    header_of,
    lines_above,
    opened,
    other_line_end,
)
from journey.stores.verify import identifier, quoted, reading_error

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1 << 24
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
    skip
        Lines of a CSV above the names of its columns.
    forms
        The columns of each file of a CSV or Parquet, where they are not those of all, or in another order.
    """

    files: tuple[Path, ...]
    kind: str
    columns: tuple[str, ...]
    types: dict[str, str]
    delimiter: str = ","
    has_header: bool = True
    by_line: bool = True
    skip: int = 0
    forms: tuple[tuple[str, ...], ...] = ()

    @property
    def shown(self) -> str:
        """The log in a sentence."""
        more = len(self.files) - 1
        return f"{self.files[0]}" + (f" and {more} more file{'s' if more > 1 else ''}" if more else "")

    def by_form(self) -> list[Source]:
        """The log as one source for each list of columns that its files have."""
        if not self.forms:
            return [self]
        files: dict[tuple[str, ...], list[Path]] = {}
        for form, file in zip(self.forms, self.files, strict=True):
            files.setdefault(form, []).append(file)
        return [
            replace(self, files=tuple(listed), forms=(form,) * len(listed)) for form, listed in files.items()
        ]

    def having(self, name: str) -> Source:
        """The files that have a column."""
        kept = (
            [each for each in zip(self.files, self.forms, strict=True) if name in each[1]]
            if self.forms
            else []
        )
        if not kept:
            return self
        files, forms = zip(*kept, strict=True)
        return replace(self, files=files, forms=forms)

    def relation(self, names: Sequence[str], *, tolerant: bool = False) -> str:
        """SQL that reads some columns, in the order of the files; `tolerant` keeps bad lines aside.

        A column that a file does not have is null there.
        """
        if self.kind == "parquet":
            chosen = self._chosen(names, {name for form in self.forms for name in form} or self.columns)
            options = "filename = true, union_by_name = true"
            return f"(select {chosen}, filename from read_parquet({_listed(self.files)}, {options}))"
        if self.kind == "json":
            chosen = self._chosen(names, names)
            kinds = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in dict.fromkeys(names))
            return (
                f"(select {chosen}, filename from read_json({_listed(self.files)},"
                " format = 'newline_delimited', filename = true,"
                f" columns = {{{kinds}}}, maximum_object_size = 67108864))"
            )
        rejects = ", store_rejects = true, rejects_limit = 10" if tolerant else ""
        parts = []
        forms = self.forms or [self.columns] * len(self.files)
        for columns, group in groupby(zip(forms, self.files, strict=True), key=lambda one: one[0]):
            kinds = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in columns)
            files = _listed([file for _, file in group])
            parts.append(
                f"select {self._chosen(names, columns)}, filename"
                f" from read_csv({files}, auto_detect = false, filename = true,"
                f" header = {str(self.has_header).lower()}, skip = {self.skip},"
                f" delim = {quoted(self.delimiter)}, quote = '\"', escape = '\"',"
                f" max_line_size = {LONGEST_LINE}, columns = {{{kinds}}}{rejects})"
            )
        return f"({' union all '.join(parts)})"

    def _chosen(self, names: Sequence[str], there: Collection[str]) -> str:
        return ", ".join(
            identifier(name)
            if name in there
            else f"null::{self.types.get(name, 'VARCHAR')} as {identifier(name)}"
            for name in names
        )


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join(quoted(str(file)) for file in files) + "]"


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


def open_source(
    files: tuple[Path, ...], *, header: Sequence[str] = (), delimiter: str = "", skip: int = 0
) -> Source:
    """Look at the heads of the files and say how to read them.

    Parameters
    ----------
    files
        In the order in which they are read.
    header
        Names of the columns of a CSV, where no line has them.
    delimiter
        Of a CSV; told by its first line when empty.
    skip
        Lines of a CSV above the names of its columns.

    Raises
    ------
    JourneyError
        For a file that is empty, of another kind or encoding, or shares no column with the first.
    """
    kinds = {file: _kind(file) for file in files}
    first = kinds[files[0]]
    if odd := [file for file, kind in kinds.items() if kind != first]:
        raise JourneyError(
            f"{odd[0]} is {kinds[odd[0]]}, but {files[0]} is {first}; import one kind at a time"
        )
    if first == "parquet":
        types, forms = _parquet_types(files)
        return Source(files, first, tuple(types), types, forms=forms)
    if first == "json":
        most = max(JSON_LINES // len(files), 20)
        keys = tuple(dict.fromkeys(key for file in files for key in json_keys(file, most)))
        return Source(files, first, keys, dict.fromkeys(keys, "VARCHAR"))
    return _open_csv(files, tuple(header), delimiter, skip)


def skipped(files: tuple[Path, ...]) -> int:
    """Lines above the names of the columns of a log, as far as that can be told; 0 for none."""
    return lines_above(files[0]) if _kind(files[0]) == "csv" else 0


def _open_csv(files: tuple[Path, ...], header: tuple[str, ...], delimiter: str, skip: int) -> Source:
    line = first_line(files[0], skip)
    delimiter = delimiter or max(DELIMITERS, key=line.count)
    if header:
        found = len(next(csv.reader([line], delimiter=delimiter)))
        if found != len(header):
            raise JourneyError(
                f"{files[0]}, line {skip + 1}: {found} columns, but [file] header names {len(header)}"
            )
        types = dict.fromkeys(header, "VARCHAR")
        return Source(files, "csv", header, types, delimiter, has_header=False, skip=skip)
    names = header_of(files[0], delimiter, skip)
    forms = [names, *(header_of(file, delimiter, skip, other=(files[0], names)) for file in files[1:])]
    # The same name in other letters is the same column.
    spelled = {name.lower(): name for form in reversed(forms) for name in reversed(form)}
    return _of_forms(
        Source(files, "csv", names, {}, delimiter, skip=skip),
        [tuple(spelled[name.lower()] for name in form) for form in forms],
    )


def _of_forms(source: Source, forms: list[tuple[str, ...]]) -> Source:
    """A source of text with the columns of all its files, those of the first before the others."""
    columns = tuple(dict.fromkeys(name for form in forms for name in form))
    several = tuple(forms) if len({*forms}) > 1 else ()
    return replace(source, columns=columns, types=dict.fromkeys(columns, "VARCHAR"), forms=several)


def _kind(file: Path) -> str:
    try:
        with opened(file) as stream:
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


def _parquet_types(files: tuple[Path, ...]) -> tuple[dict[str, str], tuple[tuple[str, ...], ...]]:
    """Type of each column, and the columns of each file where they are not those of all.

    Raises
    ------
    JourneyError
        When a file is not a complete Parquet file, or the files do not go together.
    """
    forms = []
    with duckdb.connect() as connection:
        for file in files:
            try:
                rows = connection.execute(
                    f"describe select * from read_parquet({quoted(str(file))})"
                ).fetchall()
            except duckdb.Error:
                raise JourneyError(
                    f"{file} is not a complete Parquet file ({file.stat().st_size:,} bytes); get it again"
                ) from None
            forms.append([str(row[0]) for row in rows])
        try:
            rows = connection.execute(
                f"describe select * from read_parquet({_listed(files)}, union_by_name = true)"
            ).fetchall()
        except duckdb.Error as error:
            raise JourneyError(
                f"{files[0].parent}: its Parquet files do not go together: {reading_error(error)}"
            ) from None
    types = {str(name): str(kind) for name, kind, *_ in rows}
    spelled = {name.lower(): name for name in types}
    found = tuple(tuple(spelled[name.lower()] for name in form) for form in forms)
    return types, found if len({frozenset(form) for form in found}) > 1 else ()


def json_keys(file: Path, lines: int = JSON_LINES) -> tuple[str, ...]:
    """The keys of the first lines of a file.

    Raises
    ------
    JourneyError
        For a line that is no object.
    """
    keys: dict[str, None] = {}
    with opened(file) as stream:
        for number, line in zip(range(1, lines + 1), stream, strict=False):
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
    if "state machine" in text and (other := other_line_end(file)):
        return JourneyError(
            f"{file}, line {other}: ends otherwise than the line before it;"
            " save the file with one kind of line end"
        )
    if "GZIP" in text.upper():
        return JourneyError(f"{file} ends in the middle (gzip); get the whole file again")
    if line := re.search(r"[Ll]ine:? (\d+)", text):
        expected = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        counts = (
            f"{expected[2]} columns where the first line has {expected[1]}" if expected else "cannot be read"
        )
        if "maximum line size" in text.lower():
            counts = f"longer than {LONGEST_LINE / 1e6:.0f} million bytes"
        elif "quote" in text.lower() and not expected:
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
        with opened(file) as raw:
            reader = csv.reader((line.decode("utf-8", "replace") for line in raw), delimiter=source.delimiter)
            before, left = source.skip, row + (1 if source.has_header else 0)
            for _ in range(source.skip):
                next(raw, b"")
            for cells in reader:
                left -= bool(cells)  # an empty line is no row
                if not left:
                    return f"line {before + 1}"
                before = source.skip + reader.line_num
    return f"row {row:,}"
