"""One sentence of meaning for a query, filled from its result.

A template is plain text with fields `{selector:unit.digits}`. Selectors:

=========================  ==========================================================================
`rows` or `count`          number of rows
`column`, `first.column`   value in the first row
`last.column`              value in the last row
`sum|mean|max|min.column`  of the column
`distinct.column`          number of different values
`ratio.column.column`      sum of the first column over the sum of the second
`argmax.column.other`      value of `other` in the row where `column` is largest (`argmin` likewise)
`parameter.name`           the value a named parameter had
`where.column=value.REST`  any of these on the rows that satisfy it (also `>=`); may be repeated
=========================  ==========================================================================

Units are those of `journey.report.formats`, digits are optional. Without a unit the value must be a whole
number, a date or a text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from journey.errors import JourneyError
from journey.report.formats import format_number
from journey.warehouse.query import QuerySpec

NOTHING = "none"

_CONDITION = re.compile(r"where\.(\w+)(>=|=)(.*?)\.((?:where\.)?\w+(?:[.>=].*)?)")
_AGGREGATES: dict[str, Callable[[pd.Series], Any]] = {
    "first": lambda column: column.iloc[0],
    "last": lambda column: column.iloc[-1],
    "sum": lambda column: column.sum(),
    "mean": lambda column: column.mean(),
    "max": lambda column: column.max(),
    "min": lambda column: column.min(),
    "distinct": lambda column: column.nunique(),
}


def meaning(spec: QuerySpec, frame: pd.DataFrame, **parameters: Any) -> str:
    """Fill the query's sentence from its result.

    Parameters
    ----------
    spec
        The query.
    frame
        Its whole result, not a part of it.
    parameters
        The values it was run with, where they differ from the defaults.

    Returns
    -------
    str
        Plain text; escape it before showing it. A selector that no row satisfies reads `none`.

    Raises
    ------
    JourneyError
        When the template names a selector, column or unit that does not exist.
    """
    text = fill(spec.meaning, frame, dict(spec.parameters) | parameters, origin=f"query {spec.name!r}")
    return text[:1].upper() + text[1:]


def fill(template: str, frame: pd.DataFrame, parameters: Mapping[str, Any], *, origin: str = "text") -> str:
    """Fill a template; see the module's head for its language.

    Raises
    ------
    JourneyError
        For a selector, column, parameter or unit that does not exist.
    """
    parts = []
    for literal, selector, unit, _ in string.Formatter().parse(template):
        parts.append(literal)
        if selector is not None:
            try:
                value = _select(selector, frame, parameters)
            except (KeyError, ValueError, IndexError) as error:
                raise JourneyError(f"{origin}: its sentence cannot fill {{{selector}}}: {error}") from error
            parts.append(_text(value, unit or "", f"{origin}, {{{selector}}}"))
    return " ".join("".join(parts).split())


def _select(selector: str, frame: pd.DataFrame, parameters: Mapping[str, Any]) -> Any:
    if selector in ("rows", "count"):
        return len(frame)
    if found := _CONDITION.fullmatch(selector):
        column, comparison, wanted, rest = found.groups()
        return _select(rest, _rows_where(frame, column, comparison, wanted), parameters)
    kind, *names = selector.split(".")
    if kind == "parameter":
        return parameters[names[0]]
    if not names:
        kind, names = "first", [kind]
    columns = [frame[name] for name in names]
    if frame.empty:
        return None
    if kind in _AGGREGATES and len(columns) == 1:
        return _AGGREGATES[kind](columns[0])
    if kind == "ratio" and len(columns) == 2:
        below = columns[1].sum()
        return columns[0].sum() / below if below else None
    if kind in ("argmax", "argmin") and len(columns) == 2:
        known = columns[0].dropna()
        if known.empty:
            return None
        return columns[1].loc[known.idxmax() if kind == "argmax" else known.idxmin()]
    raise ValueError(f"there is no selector {kind!r} of {len(names)} columns")


def _rows_where(frame: pd.DataFrame, column: str, comparison: str, wanted: str) -> pd.DataFrame:
    values = frame[column]
    if pd.api.types.is_numeric_dtype(values):
        limit = float(wanted)
        return frame[values >= limit if comparison == ">=" else values == limit]
    if comparison != "=":
        raise ValueError(f"column {column!r} is not a number, so {comparison} has no meaning")
    return frame[values == wanted]


def _text(value: Any, unit: str, origin: str) -> str:
    if value is None or pd.isna(value):
        return NOTHING
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, str):
        return value
    name, _, digits = unit.partition(".")
    if not name and float(value) != int(value):
        raise JourneyError(
            f"{origin}: {value} is not a whole number; give it a unit such as :share or :ratio.2"
        )
    return format_number(float(value), name or "count", int(digits) if digits else None)
