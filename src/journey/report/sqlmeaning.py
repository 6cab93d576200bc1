"""One sentence of meaning for a query, filled from its result.

A sentence is a Jinja template. It names the query's parameters (`days`) and asks the result by these words:

=============================  ========================================================================
`rows`                         number of rows
`first.column`                 value in the first row; likewise `last`
`sum.column`                   of the column; likewise `mean`, `max` and `min`
`distinct.column`              number of different values
`ratio.column.other`           sum of `column` over the sum of `other`
`argmax.column.other`          value of `other` in the row where `column` is largest; likewise `argmin`
`where(column=value).REST`     any of these on the rows that hold all values; or a column, its first value
`at_least(column=value).REST`  likewise, on the rows with this number or a larger one
=============================  ========================================================================

The filters are the units of `journey.report.formats`, with digits where the usual ones do not fit:
`{{ where(device='mobile').conversion_rate | share(2) }}`. Without one the value must be a whole number, a
date or a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
from jinja2 import StrictUndefined, TemplateAssertionError, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from journey.errors import JourneyError
from journey.report.formats import UNITS, format_number
from journey.warehouse.query import QuerySpec

NOTHING = "none"


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
        Plain text; escape it before showing it. What no row can answer reads `none`.

    Raises
    ------
    JourneyError
        When the template names a word, column or unit that does not exist.
    """
    text = fill(spec.meaning, frame, dict(spec.parameters) | parameters, origin=f"query {spec.name!r}")
    return text[:1].upper() + text[1:]


def fill(template: str, frame: pd.DataFrame, parameters: Mapping[str, Any], *, origin: str = "text") -> str:
    """Fill a template; see the module's head for its language.

    Raises
    ------
    JourneyError
        For a word, column, parameter or unit that does not exist, or a value that has no such unit.
    """
    try:
        text = _TEMPLATES.from_string(template).render(parameters, **_words(frame))
    except (TemplateError, JourneyError, TypeError, ValueError, ArithmeticError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        units = f"; the units are {', '.join(UNITS)}" if isinstance(error, TemplateAssertionError) else ""
        raise JourneyError(f"{origin}: its sentence cannot be filled: {reason}{units}") from error
    return " ".join(text.split())


class Asked:
    """A word and the columns named so far; Jinja reads `max.price` as `max["price"]`."""

    def __init__(self, frame: pd.DataFrame, word: str, *columns: pd.Series) -> None:
        self._frame, self._word, self._columns = frame, word, columns

    def __getitem__(self, name: str) -> Any:
        columns = (*self._columns, _column(self._frame, name))
        needed, answer = _ANSWERS[self._word]
        if len(columns) < needed:
            return Asked(self._frame, self._word, *columns)
        return None if self._frame.empty else answer(*columns)


class Rows:
    """Some rows of a result: a word asks them, and any other name is a column's first value."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._words = _words(frame)

    def __getitem__(self, name: str) -> Any:
        return self._words[name] if name in self._words else self._words["first"][name]


_ANSWERS: dict[str, tuple[int, Callable[..., Any]]] = {
    "first": (1, lambda column: column.iloc[0]),
    "last": (1, lambda column: column.iloc[-1]),
    "sum": (1, pd.Series.sum),
    "mean": (1, pd.Series.mean),
    "max": (1, pd.Series.max),
    "min": (1, pd.Series.min),
    "distinct": (1, pd.Series.nunique),
    "ratio": (2, lambda column, other: column.sum() / other.sum() if other.sum() else None),
    "argmax": (2, lambda column, other: next(iter(other[column == column.max()]), None)),
    "argmin": (2, lambda column, other: next(iter(other[column == column.min()]), None)),
}


def _words(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "rows": len(frame),
        "where": lambda **values: _where(frame, values, pd.Series.eq),
        "at_least": lambda **values: _where(frame, values, _at_least),
    } | {word: Asked(frame, word) for word in _ANSWERS}


def _where(frame: pd.DataFrame, values: dict[str, Any], holds: Callable[[pd.Series, Any], pd.Series]) -> Rows:
    for name, value in values.items():
        frame = frame[holds(_column(frame, name), value)]
    return Rows(frame)


def _at_least(column: pd.Series, value: float) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(column):
        raise ValueError(f"column {column.name!r} is not a number")
    return column >= value


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        raise UndefinedError(f"the result has no column {name!r}")
    return frame[name]


def _text(value: Any, digits: int | None = None, *, unit: str = "") -> str:
    if isinstance(value, Asked | Rows):
        raise ValueError("a field ends where the name of a column is missing")
    if value is None or pd.isna(value):
        return NOTHING
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, str):
        return value
    if not unit and float(value) != int(value):
        raise ValueError(f"{value} is not a whole number; give it a unit such as share or ratio(2)")
    return format_number(float(value), unit or "count", digits)


# Text from data goes through as it is: what comes out is plain text, which its reader escapes for a page.
_TEMPLATES = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, finalize=_text)
_TEMPLATES.filters = {unit: partial(_text, unit=unit) for unit in UNITS}
