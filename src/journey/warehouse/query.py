"""The SQL query library: every file of `sql/analysis/`, run by name.

A query answers one question; its head comment says which (see `journey.warehouse.head`). Results are
ordered by unique keys, and floats are rounded to twelve significant digits, because the order in which
threads add up doubles, and with it the last digits of a sum, differs from run to run. Extracts hand rows to
methods as they are: they are found and run in the same way, but not rounded and not shown.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from journey.errors import JourneyError
from journey.paths import project
from journey.warehouse.connect import connect
from journey.warehouse.head import EXTRACTS, LEVELS, QuerySpec, Value, parse_query

__all__ = ["QuerySpec", "extracts", "find", "library", "query", "run"]

SIGNIFICANT_DIGITS = 12


def library() -> tuple[QuerySpec, ...]:
    """Every query of the library, by level (basic, intermediate, advanced) and then by name.

    Raises
    ------
    JourneyError
        When a file's head is malformed or two files share a name.
    """
    return tuple(spec for spec in _all_queries() if spec.level != EXTRACTS)


def extracts() -> tuple[QuerySpec, ...]:
    """Every query that hands rows to methods, by name; errors as in `library`."""
    return tuple(spec for spec in _all_queries() if spec.level == EXTRACTS)


def _all_queries() -> tuple[QuerySpec, ...]:
    return _read_library(project().sql / "analysis")


@lru_cache(maxsize=4)
def _read_library(folder: Path) -> tuple[QuerySpec, ...]:
    specs = [
        parse_query(path) for level in (*LEVELS, EXTRACTS) for path in sorted((folder / level).glob("*.sql"))
    ]
    by_name: dict[str, QuerySpec] = {}
    for spec in specs:
        if twin := by_name.get(spec.name):
            raise JourneyError(
                f"two queries are called {spec.name!r}: {twin.path} and {spec.path}; rename one"
            )
        by_name[spec.name] = spec
    return tuple(specs)


def find(name: str) -> QuerySpec:
    """Return the query called `name`.

    Raises
    ------
    JourneyError
        When there is none; the message names the closest ones.
    """
    by_name = {spec.name: spec for spec in _all_queries()}
    if name in by_name:
        return by_name[name]
    close = difflib.get_close_matches(name, by_name, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {len(by_name)} in sql/analysis/"
    raise JourneyError(f"no query is called {name!r}; {hint}")


def query(
    name: str, connection: duckdb.DuckDBPyConnection | None = None, **parameters: Value
) -> pd.DataFrame:
    """Run a query of the library.

    Parameters
    ----------
    name
        File name without `.sql`.
    connection
        Warehouse to run it on; the simulated shop's when omitted.
    parameters
        Values for the named parameters of its head, in place of their defaults.

    Returns
    -------
    DataFrame
        In the order of the query's keys; floats carry twelve significant digits, those of an extract all.

    Raises
    ------
    JourneyError
        For an unknown name or parameter, or when the warehouse lacks a table the query reads.

    Examples
    --------
    >>> query("top_products", rows=5)
    Traceback (most recent call last):
    journey.errors.JourneyError: query 'top_products' has no parameter 'rows'; it has n
    """
    spec = find(name)
    defaults = dict(spec.parameters)
    if unknown := sorted(set(parameters) - set(defaults)):
        known = ", ".join(defaults) or "none"
        raise JourneyError(f"query {name!r} has no parameter {unknown[0]!r}; it has {known}")
    frame = _fetched(spec.sql, connection, defaults | parameters, origin=f"query {name!r}")
    return frame if spec.level == EXTRACTS else rounded(frame)


def run(
    sql: str,
    connection: duckdb.DuckDBPyConnection | None = None,
    parameters: dict[str, Value] | None = None,
    *,
    origin: str = "SQL",
) -> pd.DataFrame:
    """Run one statement and return its rows, rounded as those of `query`; `origin` names it in an error.

    Raises
    ------
    JourneyError
        When DuckDB refuses the statement, or it returns two columns of one name.
    """
    return rounded(_fetched(sql, connection, parameters, origin=origin))


def _fetched(
    sql: str,
    connection: duckdb.DuckDBPyConnection | None,
    parameters: dict[str, Value] | None,
    *,
    origin: str,
) -> pd.DataFrame:
    if connection is None:
        with connect(project().warehouse("simulated")) as opened:
            return _fetched(sql, opened, parameters, origin=origin)
    try:
        result = connection.execute(sql, parameters or None)
        columns = [(column[0], str(column[1])) for column in result.description or ()]
        frame = result.df()
    except duckdb.Error as error:
        raise JourneyError(f"{origin} failed: {_first_line(error)}") from error
    names = [name for name, _ in columns]
    if repeated := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise JourneyError(f"{origin} returns the column {repeated!r} twice; give one another name")
    # DuckDB adds up integers in 128 bits, which pandas would show as floats.
    wide = [name for name, kind in columns if kind == "HUGEINT" and frame[name].notna().all()]
    return frame.astype(dict.fromkeys(wide, "int64"))


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round every float column of `frame` to twelve significant digits."""
    floats = frame.select_dtypes("float").columns
    return frame.assign(**{name: _significant(frame[name].to_numpy()) for name in floats})


def _significant(values: np.ndarray) -> np.ndarray:
    """Round to significant digits; zero, NaN and infinity stay what they are."""
    regular = np.isfinite(values) & (values != 0)
    exponent = np.floor(np.log10(np.abs(values, where=regular, out=np.ones_like(values))))
    scale = 10.0 ** (SIGNIFICANT_DIGITS - 1 - exponent)
    return np.where(regular, np.round(values * scale) / scale, values)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
