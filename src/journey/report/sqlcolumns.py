"""How the columns of a query are headed and written, told from their names.

The library names columns by one convention: `..._rate` and `..._share` are shares, `...revenue...`,
`..._price` and `..._value` are euros, `..._effect` and `..._change` are differences of shares, `..._id` are
identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from journey.report.columns import bounded

Format = str | Callable[[Any], str]

#: The first rule whose pattern is found in a column's name gives its format.
RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"_id$|^item_[ab]$"), "text"),
    (re.compile(r"_effect$|(?<!relative)_change$"), "points"),
    (
        re.compile(r"_share$|^share_|_rate(_low|_high)?$|^rate_|_up_to_here$|^change_|relative_change$"),
        "percent:2",
    ),
    (re.compile(r"^(support|confidence\w*|probability|stickiness)$"), "percent:2"),
    (re.compile(r"_ratio$|^lift$|_z$|_square$|^mean_(?!price)|^p\d+$|_days$|_minutes$"), "decimal"),
    (re.compile(r"revenue|price|_value|^value_"), "money"),
)
#: Sums of money above this many euros are shown without cents.
WHOLE_EUROS = 10_000


def result_columns(frame: pd.DataFrame) -> dict[str, tuple[str, Format]]:
    """Heading and format of every column of a query's result, as `show_table` takes them."""
    return {str(name): (heading(str(name)), column_format(str(name), frame[name])) for name in frame.columns}


def with_intervals(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, tuple[str, Format]]]:
    """A result and its columns, as `show_table` takes them; bounds stand in the cell of their value."""
    columns = result_columns(frame)
    shown = frame.copy()
    for name in [low.removesuffix("_low") for low in columns if low.endswith("_low")]:
        if name not in columns or f"{name}_high" not in columns:
            continue
        shown[name] = bounded(frame, name)
        columns[name] = (columns[name][0], f"estimate:{columns[name][1]}")
        del columns[f"{name}_low"], columns[f"{name}_high"]
    return shown, columns


def heading(name: str) -> str:
    """`revenue_per_session` as `Revenue per session`."""
    words = name.replace("_", " ").replace(" pct", " (%)")
    return words[:1].upper() + words[1:]


def column_format(name: str, column: pd.Series) -> Format:
    """Format of one column; text and dates by their type, numbers by their name."""
    if pd.api.types.is_datetime64_any_dtype(column):
        midnight = column.dropna().eq(column.dropna().dt.normalize()).all()
        return _day if midnight else _moment
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return "text"
    found = next((spec for pattern, spec in RULES if pattern.search(name)), "")
    if found == "money":
        return "money:0" if column.abs().max() >= WHOLE_EUROS else "money:2"
    if found in ("", "decimal") and pd.api.types.is_integer_dtype(column):
        return "integer"
    return found or "significant:4"


def _day(moment: pd.Timestamp) -> str:
    return moment.strftime("%Y-%m-%d")


def _moment(moment: pd.Timestamp) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
