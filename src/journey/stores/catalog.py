"""The list of real data sets: `data/datasets.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.paths import project

FORMATS = ("csv", "whitespace", "parquet")


@dataclass(frozen=True)
class SourceColumn:
    """A column of a real file: its name there, DuckDB type, meaning, and name after loading."""

    source: str
    type: str
    meaning: str
    name: str


@dataclass(frozen=True)
class Total:
    """A total to verify: an SQL expression over the table `data` and the value it must have."""

    what: str
    expression: str
    expected: float
    tolerance: float = 0.0


@dataclass(frozen=True)
class DataFile:
    """One file of a data set. `sha256` and `bytes` are None where the bytes may differ between copies."""

    path: str
    member: str | None
    format: str
    delimiter: str
    sha256: str | None
    bytes: int | None
    rows: int | None
    columns: tuple[SourceColumn, ...]
    totals: tuple[Total, ...]
    optional: bool


@dataclass(frozen=True)
class Dataset:
    """A real data set: where it is from, on what terms, and which files it has."""

    name: str
    title: str
    home: str
    url: str
    archive: str | None
    licence: str
    redistribution: bool
    folder: str
    citation: str
    note: str
    on_request: bool
    files: tuple[DataFile, ...]

    @property
    def folders(self) -> tuple[str, ...]:
        """Folder names under which a copy may lie: the folder of the list, then the name itself."""
        return (self.folder,) if self.folder == self.name else (self.folder, self.name)

    def file(self, path: str) -> DataFile:
        """Give the file called `path`.

        Raises
        ------
        JourneyError
            When the data set has no such file.
        """
        for file in self.files:
            if file.path == path:
                return file
        raise JourneyError(
            f"Data set {self.name} has no file {path!r}; it has {_words(f.path for f in self.files)}."
        )


def load_catalog(path: Path | None = None) -> dict[str, Dataset]:
    """Read the list of data sets.

    Parameters
    ----------
    path : Path, optional
        The list; `data/datasets.toml` of the project when left out.

    Returns
    -------
    dict of str to Dataset
        In the order of the file.

    Raises
    ------
    JourneyError
        When the file is missing or unreadable, or an entry lacks or misspells a field.
    """
    path = path or project().datasets
    try:
        status = path.stat()
    except OSError:
        raise JourneyError(
            f"{path} is missing: it lists the real data sets; restore it from the repository."
        ) from None
    return _read(path, status.st_mtime_ns, status.st_size)


def dataset(name: str) -> Dataset:
    """Give the entry of one data set.

    Raises
    ------
    JourneyError
        For an unknown name; the message lists the known ones.
    """  # noqa: DOC501 (unknown_name makes a JourneyError)
    known = load_catalog()
    if name in known:
        return known[name]
    raise unknown_name("data set", name, known)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> JourneyError:
    """Build the error for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return JourneyError(f"Unknown {kind} {name!r}.{hint} Known: {_words(names)}.")


def _words(names: Iterable[str]) -> str:
    return ", ".join(names)


@lru_cache(maxsize=8)
def _read(path: Path, _mtime: int, _size: int) -> dict[str, Dataset]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise JourneyError(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8 or restore it."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise JourneyError(f"{path} is not valid TOML: {error}; correct that line or restore it.") from None
    return {name: _dataset(path, name, entry) for name, entry in entries.items()}


def _dataset(path: Path, name: str, entry: Any) -> Dataset:
    where = f"{path}, [{name}]"
    if not isinstance(entry, Mapping):
        raise JourneyError(f"{where}: expected a table of fields, found {entry!r}.")
    fields = _fields(
        where,
        entry,
        required=("title", "home", "url", "licence", "redistribution", "folder", "citation", "note", "files"),
        optional={"archive": None, "on_request": False},
    )
    files = fields.pop("files")
    if not isinstance(files, list) or not files:
        raise JourneyError(f"{where}: needs at least one [[{name}.files]].")
    return Dataset(name=name, files=tuple(_file(f"{where} files", file) for file in files), **fields)


def _file(where: str, entry: Mapping[str, Any]) -> DataFile:
    fields = _fields(
        where,
        entry,
        required=("path", "format", "columns"),
        optional={
            "member": None,
            "delimiter": ",",
            "sha256": None,
            "bytes": None,
            "rows": None,
            "totals": [],
            "optional": False,
        },
    )
    where = f"{where} {fields['path']}"
    if fields["format"] not in FORMATS:
        raise JourneyError(f"{where}: format {fields['format']!r} is not one of {_words(FORMATS)}.")
    columns = tuple(_column(where, column) for column in fields.pop("columns"))
    totals = tuple(_total(where, total) for total in fields.pop("totals"))
    if not (fields["sha256"] or fields["rows"] or totals):
        raise JourneyError(f"{where}: has neither a checksum nor rows nor totals, so it cannot be verified.")
    return DataFile(columns=columns, totals=totals, **fields)


def _fields(
    where: str, entry: Mapping[str, Any], *, required: tuple[str, ...], optional: dict[str, Any]
) -> dict[str, Any]:
    if missing := [name for name in required if name not in entry]:
        raise JourneyError(f"{where}: lacks {_words(missing)}.")
    if foreign := [name for name in entry if name not in required and name not in optional]:
        raise JourneyError(
            f"{where}: unknown field {_words(foreign)}; known: {_words([*required, *optional])}."
        )
    return {**optional, **entry}


def _column(where: str, entry: Any) -> SourceColumn:
    if not isinstance(entry, list) or len(entry) not in (3, 4) or not all(isinstance(x, str) for x in entry):
        raise JourneyError(
            f"{where}: a column is [name, type, meaning] or [..., loaded name], not {entry!r}."
        )
    source, kind, meaning = entry[:3]
    return SourceColumn(source, kind, meaning, entry[3] if len(entry) == 4 else source)


def _total(where: str, entry: Any) -> Total:
    if not isinstance(entry, list) or len(entry) not in (3, 4):
        raise JourneyError(
            f"{where}: a total is [what, expression, expected] or [..., tolerance], not {entry!r}."
        )
    return Total(*entry)
