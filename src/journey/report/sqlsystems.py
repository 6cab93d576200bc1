"""Other systems than DuckDB: which queries of the library return the same values there."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.files import replacing
from journey.paths import Paths
from journey.studies.registry import kept
from journey.studies.sql_systems.study import SAME, digest
from journey.warehouse.query_portability import portability

STUDY, SYSTEMS = "sql_systems", "sql/systems"
CHANGED = "changed since it was run there"


def write_systems(paths: Paths) -> None:
    """Save one row a query and system; translating the library takes seconds, so no page does it."""
    with replacing(paths.results / f"{SYSTEMS}.parquet") as temporary:
        measured(kept(STUDY, paths).results).to_parquet(temporary, index=False)


def measured(results: dict[str, Any]) -> pd.DataFrame:
    """One row a query and system: name, system with version, translated, same, and the reason if it is not.

    A result counts only for the very statement that was run.
    """
    rows = []
    for row in portability():
        outcome = results[row.dialect]["queries"].get(row.name, {})
        current = row.translated and outcome.get("digest") == digest(row.name, row.dialect)
        reason = row.reason or (outcome["outcome"] if current else CHANGED)
        rows.append(
            {
                "name": row.name,
                "system": results[row.dialect]["system"],
                "translated": row.translated,
                "same": reason == SAME,
                "reason": reason,
            }
        )
    return pd.DataFrame(rows)
