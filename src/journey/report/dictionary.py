"""Tables of the data dictionary and the feature catalogue, from where columns and features are declared.

What a column means is said once: in the head of the SQL file that makes it, in the catalogue of features, in
`sql/analysis/columns.toml` for the words that queries share, or where the column comes from: the head of a
table that the file reads, in the end the schema of the raw files.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pandas as pd

from journey.errors import JourneyError
from journey.features.catalogue import FEATURES
from journey.stores.schema.tables import SCHEMA, TableSpec
from journey.warehouse.head import QuerySpec
from journey.warehouse.models import RAW, Model, read_models

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
#: whose columns are shown one by one; those of the last are features
COLUMNS_OF = MARTS[:-1]


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


def models_by_name(sql: Path) -> dict[str, Model]:
    """Every model of staging and marts, by its name."""
    return {model.name: model for folder in ("staging", "marts") for model in read_models(sql / folder)}


def column_meaning(
    column: str, source: Model | QuerySpec, models: dict[str, Model], shared: dict[str, str]
) -> str:
    """What a column of a model or a query means.

    Parameters
    ----------
    source
        The model or the query that has the column.
    models
        As `models_by_name` gives them.
    shared
        Words that all queries share, as `shared_words` gives them; none for a model.

    Raises
    ------
    JourneyError
        When nothing that the file reads, and neither its head, says it.
    """
    found = _meaning(column, source, models, shared)
    if found is None:
        raise JourneyError(
            f"{source.path}: no head says what the column {column} means; add it under columns"
        )
    return found


def _meaning(
    column: str, source: Model | QuerySpec, models: dict[str, Model], shared: dict[str, str]
) -> str | None:
    head, reads = (source, source.tables) if isinstance(source, QuerySpec) else (source.head, source.reads)
    features = {feature.name: feature.definition for feature in FEATURES}
    for said in (dict(head.columns), shared, features):
        if column in said:
            return said[column]
    for table in reads:
        schema, _, name = table.partition(".")
        if schema == RAW:
            raw = {each.name: each.description for each in SCHEMA[name].columns}
            found = raw.get(column)
        else:
            found = _meaning(column, models[table], models, {})
        if found is not None:
            return found
    return None


def shared_words(sql: Path) -> dict[str, str]:
    """Column -> meaning, for the columns that many queries of the library have."""
    words: dict[str, str] = tomllib.loads((sql / "analysis" / "columns.toml").read_text(encoding="utf-8"))
    return words


def mart_rows(connection: duckdb.DuckDBPyConnection, sql: Path) -> pd.DataFrame:
    """One row a mart: its name, question, grain, key, columns, and rows in this store's warehouse."""
    models = models_by_name(sql)
    found = []
    for name in MARTS:
        relation, head = connection.table(f"marts.{name}"), models[f"marts.{name}"].head
        found.append(
            {
                "table": f"marts.{name}",
                "question": head.question,
                "grain": head.grain,
                "key": ", ".join(head.keys),
                "columns": len(relation.columns),
                "rows": relation.count("*").fetchall()[0][0],
            }
        )
    return pd.DataFrame(found)


def mart_columns(connection: duckdb.DuckDBPyConnection, sql: Path, name: str) -> pd.DataFrame:
    """One row a column of a mart that is not a feature: column, type, meaning, and whether it may be null."""
    models, features = models_by_name(sql), {feature.name for feature in FEATURES}
    model, relation = models[f"marts.{name}"], connection.table(f"marts.{name}")
    pairs: Iterable[tuple[str, object]] = zip(relation.columns, relation.types, strict=True)
    return pd.DataFrame(
        {
            "column": column,
            "type": str(kind),
            "meaning": column_meaning(column, model, models, {}),
            "notes": "key"
            if column in model.head.keys
            else "may be null"
            if column in model.head.nulls
            else "",
        }
        for column, kind in pairs
        if column not in features
    )


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
