"""The head comment of a library query, parsed.

A file of `sql/analysis/` opens with one comment line for each field, in this order; a line that starts with
`--   ` continues the field above it::

    -- question: Which device buys most often?
    -- grain: device
    -- tables: marts.sessions
    -- level: basic
    -- technique: conditional aggregation
    -- parameters: z = 1.959964
    -- keys: device
    -- nulls: none
    -- meaning: {argmax.conversion_rate.device} buys most often.

`parameters` and `nulls` may be left out. `keys: none` says that the result is a single row.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from journey.errors import JourneyError

LEVELS = ("basic", "intermediate", "advanced")
REQUIRED = ("question", "grain", "tables", "level", "technique", "keys", "meaning")
OPTIONAL = ("parameters", "nulls")

_FIELD = re.compile(r"-- ([a-z]+): (\S.*)")
_CONTINUED = re.compile(r"--   (\S.*)")
_PARAMETER = re.compile(r"([a-z][a-z0-9_]*) = (.+)")

Value = int | float | str


@dataclass(frozen=True)
class QuerySpec:
    """One query of the library.

    `keys` identify a row (empty when the result is one row), `nulls` are the columns that may hold nulls,
    `parameters` the named parameters with their defaults, `meaning` a template for
    `journey.report.sqlmeaning.meaning`, and `sql` the statement without its head.
    """

    name: str
    level: str
    question: str
    grain: str
    tables: tuple[str, ...]
    technique: str
    keys: tuple[str, ...]
    nulls: tuple[str, ...]
    parameters: tuple[tuple[str, Value], ...]
    meaning: str
    path: Path
    sql: str


def parse_query(path: Path) -> QuerySpec:
    """Read one SQL file of the library.

    Raises
    ------
    JourneyError
        When the head misses a field, repeats one, has one that is not known, or names another level than
        the folder the file lies in.
    """
    fields: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    body = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    for number, line in enumerate(lines[:body], start=1):
        if found := _FIELD.fullmatch(line):
            name, text = found.groups()
            if name in fields or name not in REQUIRED + OPTIONAL:
                kind = "repeats" if name in fields else "has an unknown"
                raise JourneyError(f"{path}, line {number}: the head comment {kind} field {name!r}")
            fields[name] = text.strip()
        elif fields and (found := _CONTINUED.fullmatch(line)):
            last = next(reversed(fields))
            fields[last] = f"{fields[last]} {found.group(1).strip()}"
        else:
            raise JourneyError(f"{path}, line {number}: expected '-- field: text', got {line!r}")
    if not "".join(lines[body:]).strip():
        raise JourneyError(f"{path}: there is no statement below the head comment")
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise JourneyError(
            f"{path}: the head comment has no {', '.join(missing)}; add '-- {missing[0]}: ...'"
        )
    if fields["level"] != path.parent.name or fields["level"] not in LEVELS:
        raise JourneyError(
            f"{path}: level {fields['level']!r} must be the folder's name, one of {', '.join(LEVELS)}"
        )
    return QuerySpec(
        name=path.stem,
        level=fields["level"],
        question=fields["question"],
        grain=fields["grain"],
        tables=_names(fields["tables"]),
        technique=fields["technique"],
        keys=_names(fields["keys"]),
        nulls=_names(fields.get("nulls", "none")),
        parameters=tuple(_parameter(text.strip(), path) for text in _split(fields.get("parameters", "none"))),
        meaning=fields["meaning"],
        path=path,
        sql="\n".join(lines[body:]).strip() + "\n",
    )


def _split(text: str) -> list[str]:
    return [] if text == "none" else text.split(",")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in _split(text))


def _parameter(text: str, path: Path) -> tuple[str, Value]:
    found = _PARAMETER.fullmatch(text)
    try:
        value = ast.literal_eval(found.group(2)) if found else None
    except (SyntaxError, ValueError):
        value = None
    if found is None or not isinstance(value, int | float | str):
        raise JourneyError(f"{path}: parameter {text!r} must look like 'minutes = 30'")
    return found.group(1), value
