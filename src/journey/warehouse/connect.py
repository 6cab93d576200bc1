"""Open a warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.warehouse.macros import load_macros


def connect(path: Path, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file of a store, and make the macros of the queries known.

    Parameters
    ----------
    path
        The file, as `journey.paths.project().warehouse(store)` names it.
    read_only
        Several readers may share a warehouse; a writer must be alone.

    Raises
    ------
    JourneyError
        When the file is missing or is not a DuckDB database.
    """
    if not path.is_file():
        raise JourneyError(
            f"{path}: there is no warehouse yet; run `journey build --store {path.stem}` first"
        )
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise JourneyError(
            f"{path}: this is not a warehouse that can be opened ({reason}); "
            f"close other programs that write to it, or delete it and run `journey build`"
        ) from error
    load_macros(connection)
    return connection
