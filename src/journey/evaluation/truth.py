"""The one reader of a store's `truth/` folder.

Only `journey.evaluation` imports it; a test enforces that nothing else of the package, the SQL or the
chapters does.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from journey.errors import JourneyError

FOLDER = "truth"


def truth_folder(store: Path) -> Path:
    """Give the truth folder of a store; a truth folder itself is returned as it is.

    Raises
    ------
    JourneyError
        When the store has none: only the simulated shop knows the truth.
    """
    if store.name == FOLDER and store.is_dir():
        return store
    folder = store / FOLDER
    if not folder.is_dir():
        raise JourneyError(
            f"{store}: the store has no {FOLDER}/ folder; only the simulated shop knows the truth, "
            f"so run `journey simulate` or leave this evaluation out"
        )
    return folder


def truth_file(store: Path, table: str) -> Path:
    """Give the Parquet file of a truth table, for use in SQL.

    Parameters
    ----------
    store
        Folder of the store, or its truth folder.
    table
        Such as `dirt`, `sessions`, `users`.

    Raises
    ------
    JourneyError
        When the table is missing.
    """
    file = truth_folder(store) / f"{table}.parquet"
    if not file.is_file():
        raise JourneyError(f"{file}: this truth table is missing; run `journey simulate` again")
    return file


def read_truth(store: Path, table: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a truth table, or some of its columns.

    Parameters
    ----------
    store, table
        As for `truth_file`.
    columns
        Columns to read; all when omitted.

    Raises
    ------
    JourneyError
        When the table or a column is missing, or the file is not Parquet.
    """
    file = truth_file(store, table)
    try:
        return pd.read_parquet(file, columns=columns)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise JourneyError(f"{file}: cannot be read ({reason}); run `journey simulate` again") from error
