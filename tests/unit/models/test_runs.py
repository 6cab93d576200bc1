"""Runs are logged: trainings to JSON and MLflow, studies to MLflow; without MLflow nothing is asked of it."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from journey.models.runs import EXPERIMENT, STORE, STUDY_EXPERIMENT, log_run, track
from journey.paths import Paths, project
from journey.studies.running import run_studies
from journey.studies.study import log_study

Seen = list[tuple[str, Any]]


@pytest.fixture
def mlflow(monkeypatch) -> Seen:
    """A stand-in for MLflow that writes down what is asked of it."""
    seen: Seen = []

    class Run:
        def __enter__(self) -> Run:
            return self

        def __exit__(self, *error: object) -> None:
            seen.append(("end", error[0]))

    def start_run(run_name: str) -> Run:
        seen.append(("start_run", run_name))
        return Run()

    fake = types.ModuleType("mlflow")
    fake.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    fake.start_run = start_run  # type: ignore[attr-defined]
    for name in ("set_tracking_uri", "set_experiment", "log_params", "log_metrics", "log_artifact"):
        setattr(fake, name, lambda value, name=name: seen.append((name, value)))
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    return seen


def test_a_training_is_logged_to_json_and_to_mlflow(tmp_path, mlflow):
    store = tmp_path / "runs of models"
    target = log_run(tmp_path, "start-xgboost", {"rounds": 3}, {"roc_auc": 0.8}, store=store)
    assert json.loads(target.read_text()) == {
        "name": "start-xgboost",
        "parameters": {"rounds": 3},
        "metrics": {"roc_auc": 0.8},
    }
    assert mlflow == [
        ("set_tracking_uri", store.resolve().as_uri()),
        ("set_experiment", EXPERIMENT),
        ("start_run", "start-xgboost"),
        ("log_params", {"rounds": 3}),
        ("log_metrics", {"roc_auc": 0.8}),
        ("end", None),
    ]
    assert os.environ["MLFLOW_ALLOW_FILE_STORE"] == "true"


def test_without_mlflow_there_is_the_json_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    target = log_run(tmp_path, "start-xgboost", {"rounds": 3}, {"roc_auc": 0.8}, store=tmp_path / "store")
    assert not track(tmp_path / "store", STUDY_EXPERIMENT, "a", {}, {})
    assert list(tmp_path.iterdir()) == [target]


def test_a_study_is_logged_with_its_identity_its_single_numbers_and_its_file(tmp_path, mlflow):
    paths = Paths(tmp_path)
    paths.evidence.mkdir(parents=True)
    file = paths.evidence / "made.json"
    committed = {
        "name": "made",
        "code_version": "0123",
        "date": "2026-01-02",
        "data_checksum": {"shop": "abc"},
        "seconds": 1.0,
        "results": {"auc": 0.7, "n": 5, "held": True, "note": "so", "rows": [{"auc": 0.1}]},
    }
    file.write_text(json.dumps(committed))
    assert log_study("made", 2.5, paths)
    found = dict(mlflow)
    assert found["set_tracking_uri"] == (paths.results / STORE).resolve().as_uri()
    assert (found["set_experiment"], found["start_run"]) == (STUDY_EXPERIMENT, "made")
    expected = {"study": "made", "code_version": "0123", "changed": "2026-01-02", "data_shop": "abc"}
    assert found["log_params"] == expected
    assert found["log_metrics"] == {"auc": 0.7, "n": 5.0, "seconds": 2.5}
    assert found["log_artifact"] == str(file)


def test_every_study_that_is_computed_is_logged_once_it_is_written(tmp_path: Path, mlflow):
    paths = Paths(tmp_path)
    paths.evidence.mkdir(parents=True)
    done = [name for name, _ in run_studies(["birth_weights"], paths)]
    assert done == ["birth_weights"]
    assert [value for what, value in mlflow if what == "start_run"] == done
    written = json.loads((paths.evidence / "birth_weights.json").read_text())
    committed = json.loads((project().evidence / "birth_weights.json").read_text())
    assert dict(mlflow)["log_params"]["code_version"] == written["code_version"] == committed["code_version"]
