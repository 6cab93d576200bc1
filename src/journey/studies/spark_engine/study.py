"""The warehouse of one shop by DuckDB and by Spark, compared row by row; then trees fitted there. On request.

Both engines run the same SQL files over the same shop, Spark on two threads of this machine. Every table
must hold the same rows, or the study ends with its name. A shop ten times as large gives the rate; while the
machine is busy it is left out. Needs Java, 8 GB of memory and about ten minutes on two idle cores.
"""

from __future__ import annotations

import os
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
from sklearn.metrics import roc_auc_score

from journey.errors import JourneyError
from journey.features import names_of
from journey.models.boosting import Setting, fit_boosting
from journey.models.spark_boosting import fit_on_spark
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.spark import spark_session
from journey.warehouse.spark_build import build_on_spark

USERS = (10_000, 100_000)
#: Processes at work a core beyond which the machine is busy.
BUSY = 2
MASTER = "local[2]"
SETTINGS = {"spark.driver.memory": "4g", "spark.sql.shuffle.partitions": "4"}
#: No row and no column is drawn, so that workers have nothing to draw differently.
TREES = Setting(subsample=1.0, colsample_bytree=1.0, rounds=100)
WORKERS = (1, 2)
DECISION = "after_3_events"
SEED = 7


def spark_engine(paths: Paths) -> dict[str, Any]:
    """Build shops on both engines, compare all tables, and fit trees on both.

    Returns
    -------
    dict
        `shops`: one row a shop, with raw events, tables and rows compared, and seconds of either engine.
        `training`: one row a number of workers (0: this machine without Spark), with ROC-AUC on the rows
        fitted and the largest difference of a probability. `cores`, `load`, `left_out` and `versions`: the
        machine.

    Raises
    ------
    JourneyError
        When PySpark or Java is missing, or a table differs.
    """
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    busy = load > BUSY * cores
    found: dict[str, Any] = {"cores": cores, "load": round(load, 1), "left_out": busy, "shops": []}
    with tempfile.TemporaryDirectory() as name:
        for users in USERS[:1] if busy else USERS:
            folder = Path(name) / str(users)
            found["shops"].append(one_shop(folder, users, paths.sql))
        found["training"] = training(Path(name) / str(USERS[0]))
    versions = {library: import_module(library).__version__ for library in ("duckdb", "pyspark", "xgboost")}
    return found | {"versions": versions}


def one_shop(folder: Path, users: int, sql: Path) -> dict[str, Any]:
    """Simulate a shop, build it on both engines, and compare."""
    store = folder / "store"
    simulate(store, ShopParameters(users=users))
    began = time.perf_counter()
    summary = build_warehouse(store, folder / "duckdb.duckdb", sql)
    built = time.perf_counter()
    build_on_spark(store, folder / "spark.duckdb", sql, master=MASTER, settings=SETTINGS)
    ended = time.perf_counter()
    return {
        "events": summary.raw_rows,
        **compared(folder / "duckdb.duckdb", folder / "spark.duckdb"),
        "duckdb": round(built - began, 2),
        "spark": round(ended - built, 2),
    }


def compared(ours: Path, theirs: Path) -> dict[str, int]:
    """Count the tables and rows of two warehouses, which must be equal row by row, in any order.

    Raises
    ------
    JourneyError
        For the first table that differs.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_catalog = 'ours' order by 1"
        ).fetchall()
        rows = 0
        for (table,) in tables:
            counts = connection.execute(
                f"""select
                    (select count(*) from ours.{table}),
                    (select count(*) from theirs.{table}),
                    (select count(*) from (from ours.{table} except all from theirs.{table}))"""
            ).fetchone()
            assert counts is not None
            if counts[0] != counts[1] or counts[2]:
                raise JourneyError(
                    f"{table} differs: {counts[0]:,} and {counts[1]:,} rows, {counts[2]:,} of them"
                )
            rows += counts[0]
    return {"tables": len(tables), "rows": rows}


def training(folder: Path) -> list[dict[str, Any]]:
    """Fit the same trees on this machine and on Spark's workers."""
    file, features = folder / "features.parquet", names_of()
    with connect(folder / "duckdb.duckdb") as warehouse:
        warehouse.execute(
            f"copy (from marts.features_all where decision = '{DECISION}' order by decision_id) to '{file}'"
        )
        frame = warehouse.execute(f"from '{file}'").df()
    matrix, bought = frame[list(features)].to_numpy(float), frame["converted"].to_numpy(bool)
    alone = fit_boosting(matrix, bought, features, TREES, seed=SEED).predict(matrix)
    rows = [{"workers": 0, "auc": round(float(roc_auc_score(bought, alone)), 4), "most_apart": 0.0}]
    with spark_session(MASTER, folder / "training", **SETTINGS) as session:
        table = session.read.parquet(str(file))
        for workers in WORKERS:
            model = fit_on_spark(table, features, "converted", TREES, seed=SEED, workers=workers)
            found = model.predict(matrix)
            apart = round(float(abs(found - alone).max()), 6)
            auc = round(float(roc_auc_score(bought, found)), 4)
            rows.append({"workers": workers, "auc": auc, "most_apart": apart})
    return rows
