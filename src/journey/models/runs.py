"""A log of training runs: JSON always, MLflow when it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journey.files import write_json

EXPERIMENT = "purchase-prediction"


def log_run(folder: Path, name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]) -> Path:
    """Write one run to `folder/<name>.json`, and to MLflow below `folder` when that is importable.

    Parameters
    ----------
    folder
        Of the log.
    name
        Of the run, such as `session_start-xgboost`; a later run of the same name replaces it in JSON and is
        added in MLflow.
    parameters, metrics
        Settings, and numbers that came out.

    Returns
    -------
    Path
        The JSON file.
    """
    target = folder / f"{name}.json"
    write_json(target, {"name": name, "parameters": dict(parameters), "metrics": dict(metrics)})
    if importlib.util.find_spec("mlflow") is not None:
        mlflow = importlib.import_module("mlflow")
        mlflow.set_tracking_uri((folder / "mlruns").resolve().as_uri())
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=name):
            mlflow.log_params(dict(parameters))
            mlflow.log_metrics(dict(metrics))
    return target
