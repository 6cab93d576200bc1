"""Findings on other systems: which queries of the library return the same values there."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.studies.registry import kept
from journey.studies.sql_systems.study import SAME, digest
from journey.warehouse.query_portability import portability

CHANGED = "changed since it was run there"


def add_portability(desk: Desk) -> None:
    """Save one row a query and system; translating the library takes seconds, so no page does it."""
    desk.save("portability", measured(kept("sql_systems", desk.paths).results))


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
