"""Tables of the data dictionary and the feature catalogue, from where columns and features are declared."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd

from journey.errors import JourneyError
from journey.features.catalogue import FEATURES
from journey.stores.schema.tables import SCHEMA, TableSpec

HEAD = re.compile(r"^-- (Question|Grain): +(.*)$", re.MULTILINE)
#: what a reader of the warehouse starts from; the other marts are steps on the way to the features
MARTS = (
    "sessions",
    "session_funnels",
    "orders",
    "order_lines",
    "customers",
    "decision_points",
    "features_all",
)


def raw_tables() -> tuple[TableSpec, ...]:
    """The canonical raw tables in the order of the schema."""
    return tuple(SCHEMA.values())


def column_rows(table: TableSpec) -> pd.DataFrame:
    """One row a column of a raw table: column, type, meaning, unit, and what may be wrong in raw data."""
    rows = []
    for column in table.columns:
        notes = [column.dirt] if column.dirt else []
        if column.nullable:
            notes.append(f"null: {column.null_meaning}")
        rows.append(
            {
                "column": column.name,
                "type": " or ".join(column.types),
                "meaning": column.description,
                "unit": column.unit,
                "notes": "; ".join(notes),
            }
        )
    return pd.DataFrame(rows)


def mart_rows(connection: duckdb.DuckDBPyConnection, sql: Path) -> pd.DataFrame:
    """One row a mart: its name, question, grain, columns, and rows in this store's warehouse.

    Raises
    ------
    JourneyError
        When the head of a mart's file states no question or no grain.
    """
    found = []
    for name in MARTS:
        path = sql / "marts" / f"{name}.sql"
        head = dict(HEAD.findall(path.read_text(encoding="utf-8")))
        if len(head) < 2:
            raise JourneyError(f"{path}: the head states no question or no grain; both belong there")
        relation = connection.table(f"marts.{name}")
        found.append(
            {
                "table": f"marts.{name}",
                "question": head["Question"].capitalize(),
                "grain": head["Grain"],
                "columns": len(relation.columns),
                "rows": relation.count("*").fetchall()[0][0],
            }
        )
    return pd.DataFrame(found)


def feature_rows(group: str, importance: pd.DataFrame) -> pd.DataFrame:
    """One row a feature of a group, in the catalogue's order.

    Parameters
    ----------
    importance
        `feature` and `share`, the feature's part of all absolute contributions.

    Raises
    ------
    JourneyError
        When the group has no features, or a feature has no importance.
    """
    rows = [feature for feature in FEATURES if feature.group == group]
    shares = importance.set_index("feature")["share"]
    if not rows or (missing := [feature.name for feature in rows if feature.name not in shares.index]):
        raise JourneyError(f"features of {group!r}: {missing if rows else 'none'} without importance")
    return pd.DataFrame(
        {
            "feature": feature.name,
            "window": feature.window,
            "definition": feature.definition,
            "unit": feature.unit,
            "share": float(shares[feature.name]),
        }
        for feature in rows
    )
