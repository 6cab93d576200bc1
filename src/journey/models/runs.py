"""A log of runs, of trainings and of studies: JSON for models always, MLflow where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from journey.files import write_json

EXPERIMENT, STUDY_EXPERIMENT = "purchase-prediction", "studies"
#: MLflow's file store below the results: `mlflow ui --backend-store-uri data/results/mlruns` shows it.
STORE = "mlruns"


def log_run(
    folder: Path, name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float], *, store: Path
) -> Path:
    """Write one training run to `folder/<name>.json`, and to MLflow's `store` where that is importable.

    Parameters
    ----------
    folder
        Of the JSON files.
    name
        Of the run, such as `session_start-xgboost`; a later run of the same name replaces it in JSON and is
        added in MLflow.
    parameters, metrics
        Settings, and numbers that came out.
    store
        Folder of MLflow's file store.

    Returns
    -------
    Path
        The JSON file.
    """
    target = folder / f"{name}.json"
    write_json(target, {"name": name, "parameters": dict(parameters), "metrics": dict(metrics)})
    track(store, EXPERIMENT, name, parameters, metrics)
    return target


def track(
    store: Path,
    experiment: str,
    name: str,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, float],
    files: Sequence[Path] = (),
) -> bool:
    """Add one run to MLflow, with `files` as its artefacts; whether MLflow is installed."""
    if importlib.util.find_spec("mlflow") is None:
        return False
    # A store of plain files asks for no service and no database; MLflow 3.7 and later want to be told so.
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = importlib.import_module("mlflow")
    mlflow.set_tracking_uri(store.resolve().as_uri())
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=name):
        mlflow.log_params(dict(parameters))
        mlflow.log_metrics(dict(metrics))
        for file in files:
            mlflow.log_artifact(str(file))
    return True
