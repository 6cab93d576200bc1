"""The head comment of a SQL file, parsed: models (`sql/staging`, `sql/marts`) and queries (`sql/analysis`).

A file opens with one comment line for each field; a line that starts with `--   ` continues the field above::

    -- question: Which device buys most often?
    -- grain: device
    -- technique: conditional aggregation
    -- parameters: z = 1.959964
    -- keys: device
    -- nulls: revenue
    -- columns:
    --   bounces: sessions of one event
    -- meaning: {{ argmax.conversion_rate.device }} buys most often.

`keys` identify a row; none: there is one row, or rows may repeat, as the grain says. `nulls` are the columns
that may be null, all others never are. `columns` gives the meaning of a column where nothing else says it:
`sql/analysis/columns.toml` for queries, the head of a table that the file reads, the schema of the raw files,
or the catalogue of features (`journey.report.dictionary`). `parameters` and `meaning` belong to queries; the
extracts, which only hand rows to methods, have no `meaning`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from journey.errors import JourneyError

LEVELS = ("basic", "intermediate", "advanced")
EXTRACTS = "extracts"
"""Folder of the queries that hand rows to methods; they are no part of the library."""
REQUIRED = ("question", "grain", "technique", "keys")
OPTIONAL = ("nulls", "columns")
OF_QUERIES = ("parameters", "meaning")

_FIELD = re.compile(r"-- ([a-z]+):(?: (\S.*))?")
_CONTINUED = re.compile(r"--   (\s*\S.*)")
_COLUMN = re.compile(r"([a-z][a-z0-9_]*): (\S.*)")
_PARAMETER = re.compile(r"([a-z][a-z0-9_]*) = (.+)")

Value = int | float | str


@dataclass(frozen=True)
class Head:
    """What the head of a file says.

    `keys` identify a row, `nulls` are the columns that may be null, `columns` pairs of a column and its
    meaning, `parameters` pairs of a name and its default, `meaning` a Jinja template for
    `journey.report.sqlmeaning.meaning`, and `sql` the text below the head.
    """

    question: str
    grain: str
    technique: str
    keys: tuple[str, ...]
    nulls: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, Value], ...]
    meaning: str
    sql: str


@dataclass(frozen=True)
class QuerySpec(Head):
    """One query of the library; `level` is its folder's name."""

    name: str
    level: str
    path: Path

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that it reads, sorted."""
        from journey.warehouse.models import tables_read  # parses SQL, which running a query does not need

        return tables_read(self.sql)


def parse_query(path: Path) -> QuerySpec:
    """Read one SQL file of the library.

    Raises
    ------
    JourneyError
        As `parse_head`; also when the folder is no level.
    """
    if path.parent.name not in (*LEVELS, EXTRACTS):
        raise JourneyError(f"{path}: the folder must be one of {', '.join((*LEVELS, EXTRACTS))}")
    head = parse_head(path, path.read_text(encoding="utf-8"), query=True)
    return QuerySpec(**vars(head), name=path.stem, level=path.parent.name, path=path)


def parse_head(path: Path, text: str, *, query: bool = False) -> Head:
    """Read the head of a file's text.

    Raises
    ------
    JourneyError
        When the head misses a field, repeats one or has one that is not known, or nothing stands below it.
    """
    lines = text.splitlines()
    body = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    fields = _fields(path, lines[:body], REQUIRED + OPTIONAL + (OF_QUERIES if query else ()))
    if not "".join(lines[body:]).strip():
        raise JourneyError(f"{path}: there is no statement below the head comment")
    needed = REQUIRED + (("meaning",) if query and path.parent.name != EXTRACTS else ())
    if missing := [name for name in needed if name not in fields]:
        raise JourneyError(
            f"{path}: the head comment has no {', '.join(missing)}; add '-- {missing[0]}: ...'"
        )
    said = {name: " ".join(parts) for name, parts in fields.items()}
    return Head(
        question=said["question"],
        grain=said["grain"],
        technique=said["technique"],
        keys=tuple(_split(said["keys"])),
        nulls=tuple(_split(said.get("nulls", "none"))),
        columns=_columns(path, fields.get("columns", [])),
        parameters=tuple(_parameter(part, path) for part in _split(said.get("parameters", "none"))),
        meaning=said.get("meaning", ""),
        sql="\n".join(lines[body:]).strip() + "\n",
    )


def _fields(path: Path, lines: list[str], known: tuple[str, ...]) -> dict[str, list[str]]:
    """Name of each field, with its lines.

    Raises
    ------
    JourneyError
        For a line that neither names a field nor goes on with one, and for an unknown or repeated field.
    """
    fields: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=1):
        if found := _FIELD.fullmatch(line):
            name, text = found.groups()
            if name in fields or name not in known:
                kind = "repeats" if name in fields else "has an unknown"
                raise JourneyError(f"{path}, line {number}: the head comment {kind} field {name!r}")
            fields[name] = [text.strip()] if text else []
        elif fields and (found := _CONTINUED.fullmatch(line)):
            # Within the columns a deeper line continues the one above it.
            deeper, last = found.group(1).startswith("  "), fields[next(reversed(fields))]
            if deeper and last:
                last[-1] = f"{last[-1]} {found.group(1).strip()}"
            else:
                last.append(found.group(1).strip())
        else:
            raise JourneyError(f"{path}, line {number}: expected '-- field: text', got {line!r}")
    return fields


def _columns(path: Path, lines: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for line in lines:
        found = _COLUMN.fullmatch(line)
        if found is None:
            raise JourneyError(f"{path}: under columns, {line!r} must look like 'orders: how many'")
        pairs.append((found.group(1), found.group(2)))
    return tuple(pairs)


def _split(text: str) -> list[str]:
    return [] if text == "none" else [part.strip() for part in text.split(",")]


def _parameter(text: str, path: Path) -> tuple[str, Value]:
    found = _PARAMETER.fullmatch(text)
    try:
        value = ast.literal_eval(found.group(2)) if found else None
    except (SyntaxError, ValueError):
        value = None
    if found is None or not isinstance(value, int | float | str):
        raise JourneyError(f"{path}: parameter {text!r} must look like 'minutes = 30'")
    return found.group(1), value
