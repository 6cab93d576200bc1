"""Run only the SQL that makes decision points and features, on an open connection."""

from __future__ import annotations

from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.paths import project
from journey.warehouse.build import FEATURES as NAMES
from journey.warehouse.models import Model, in_order, read_models, run_model


def feature_models(sql: Path | None = None) -> list[Model]:
    """Models of the decision points and features, each after what it reads.

    Parameters
    ----------
    sql
        Folder that holds `marts/`; that of the project when omitted.

    Raises
    ------
    JourneyError
        When a file is no model, or models read each other in a circle.
    """
    folder = (sql or project().sql) / "marts"
    return in_order(model for model in read_models(folder) if model.path.name.startswith(NAMES))


def build_features(connection: duckdb.DuckDBPyConnection, sql: Path | None = None) -> list[str]:
    """Make `marts.decision_points` and all `marts.features_*` from clean tables.

    Parameters
    ----------
    connection
        A DuckDB database, in memory or not, with `staging.events`, `staging.items`, `staging.users`,
        `staging.exposures` and `marts.sessions`.
    sql
        Folder that holds `marts/`; that of the project when omitted.

    Returns
    -------
    list of str
        The tables made, in the order in which they were made.

    Raises
    ------
    JourneyError
        When a table is missing or a model fails.
    """
    models = feature_models(sql)
    needed = {table for model in models for table in model.reads} - {model.name for model in models}
    found = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    if missing := sorted(needed - found):
        raise JourneyError(
            f"features need {', '.join(missing)}, which this database does not have; run `journey build`"
        )
    for model in models:
        run_model(connection, model)
    return [model.name for model in models]
