"""How a table column is written: a short format name becomes a function from cell to text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.report.formats import MINUS, format_interval, format_number
from journey.report.ledger import Figure, Number
from journey.report.markup import Bounded, Link

MISSING = "\u2013"
TRUTH = {True: "yes", False: "no"}

#: format name -> (unit of `formats.UNITS`, default digits)
NUMBER_FORMATS: dict[str, tuple[str, int]] = {
    "integer": ("count", 0),
    "decimal": ("ratio", 2),
    "percent": ("share", 1),
    "points": ("points", 2),
    "money": ("eur", 0),
    "p": ("p", 3),
}
CURRENCIES = {"EUR": "eur", "GBP": "gbp", "USD": "usd"}

Writer = Callable[[Any], str]


def formatter(spec: str | Writer) -> tuple[Writer, bool]:
    """Turn a column format into a function and say whether the column holds numbers (aligned right).

    Parameters
    ----------
    spec
        `text`, `integer`, `decimal[:digits]`, `percent[:digits]`, `points[:digits]`,
        `money[:digits[:currency]]`, `p[:digits]`, `significant[:digits]`, `link` (each cell is a pair
        (text, https address)), or a function from a cell to text. With the interval below its value:
        `estimate:` and one of the number formats (`estimate:percent:1`; each cell is (value, low, high), as
        `bounded` makes them), `pair` (a text with that of its interval), `number` (a `Number` of the
        ledger); without bounds the value stands alone. `interval:` and a number format writes (low, high).
        A missing cell is a dash in every format.

    Raises
    ------
    JourneyError
        When the format is unknown.
    """
    if callable(spec):
        return _tolerant(spec), False
    if spec == "text":
        return _tolerant(_text), False
    if spec == "link":
        return _tolerant(lambda cell: Link(str(cell[0]), str(cell[1]))), False
    if spec == "pair":
        return _tolerant(lambda cell: cell[0] if pd.isna(cell[1]) else Bounded(*cell)), True
    if spec == "number":
        return _tolerant(_with_interval), True
    if spec.startswith("estimate:"):
        unit, digits = _number_format(spec.removeprefix("estimate:"), spec)
        return _tolerant(lambda cell: _estimate(cell, unit, digits)), True
    if spec.startswith("interval:"):
        unit, digits = _number_format(spec.removeprefix("interval:"), spec)
        return _tolerant(lambda cell: format_interval(float(cell[0]), float(cell[1]), unit, digits)), True
    if spec.partition(":")[0] == "significant":
        places = _digits(spec.partition(":")[2] or "4", spec)
        return _tolerant(lambda cell: significant(float(cell), places)), True
    unit, digits = _number_format(spec, spec)
    return _tolerant(lambda cell: format_number(float(cell), unit, digits)), True


def _text(cell: Any) -> str:
    if isinstance(cell, bool | np.bool_):
        return TRUTH[bool(cell)]
    # text of the ledger keeps the id of its number
    return cell if isinstance(cell, str) else str(cell)


def bounded(frame: pd.DataFrame, name: str) -> list[tuple[Any, Any, Any]]:
    """Cells for the format `estimate`: a column with its bounds `<name>_low` and `<name>_high`."""
    return list(zip(frame[name], frame[f"{name}_low"], frame[f"{name}_high"], strict=True))


def _estimate(cell: tuple[Any, Any, Any], unit: str, digits: int) -> str:
    value, low, high = cell
    if pd.isna(value):
        return MISSING
    text = format_number(float(value), unit, digits)
    return text if pd.isna(low) else Bounded(text, format_interval(float(low), float(high), unit, digits))


def _with_interval(cell: Number) -> str:
    figure = Figure.of(cell)
    return figure if cell.interval is None else Bounded(figure, figure.ci)


def default_format(column: pd.Series) -> str:
    """Format of a column that nobody described: integers in full, four digits for other numbers, text."""
    if pd.api.types.is_bool_dtype(column):
        return "text"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    return "significant:4" if pd.api.types.is_numeric_dtype(column) else "text"


def significant(value: float, digits: int = 4) -> str:
    """Write a number with so many significant digits and no trailing zeros; whole numbers in full."""
    if not math.isfinite(value):
        return "infinite" if value > 0 else f"{MINUS}infinite"
    if value.is_integer():
        return format_number(value, "count")
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -6:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    text = format_number(value, "ratio", max(0, digits - 1 - exponent))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number_format(name: str, spec: str) -> tuple[str, int]:
    head, *options = name.split(":")
    if head not in NUMBER_FORMATS:
        raise _unknown(spec)
    unit, digits = NUMBER_FORMATS[head]
    if options:
        digits = _digits(options[0], spec)
    if len(options) == 2 and head == "money" and options[1] in CURRENCIES:
        unit = CURRENCIES[options[1]]
    elif len(options) > 1:
        raise _unknown(spec)
    return unit, digits


def _digits(text: str, spec: str) -> int:
    if not text.isdigit():
        raise _unknown(spec)
    return int(text)


def _unknown(spec: str) -> JourneyError:
    return JourneyError(
        f"table format {spec!r} is unknown; use text, integer, decimal:2, percent:1, points:2, money:0, "
        "money:0:GBP, p, significant:4, interval:percent:1, estimate:percent:1, number or link"
    )


def _tolerant(write: Writer) -> Writer:
    def written(cell: Any) -> str:
        if cell is None or (pd.api.types.is_scalar(cell) and pd.isna(cell)):
            return MISSING
        return write(cell)

    return written
