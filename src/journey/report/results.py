"""Result tables as findings saved them."""

from __future__ import annotations

import pandas as pd

from journey.errors import JourneyError
from journey.paths import Paths


def load_table(paths: Paths, name: str) -> pd.DataFrame:
    """Read a table that findings saved, by `chapter/name`.

    Raises
    ------
    JourneyError
        When there is no such table.
    """
    path = paths.results / f"{name}.parquet"
    if not path.is_file():
        raise JourneyError(f"result table {name!r} is missing: run `journey build` to make it")
    frame = pd.read_parquet(path)
    # Pandas hands it on to what is made of the table, so that the page can say where its cells come from.
    frame.attrs["result"] = name
    return frame
