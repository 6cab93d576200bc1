"""The exported trees, evaluated without XGBoost, give its scores."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.places import ROOT
from support.twins import in_node, needs_node

from journey.models.boosting import Setting, fit_boosting
from journey.models.calibration import METHODS, fit_calibration
from journey.models.scorer import evaluate_scorer, export_scorer


@pytest.fixture(scope="module")
def fitted():
    """Trees whose conditions are values that rows have: tenths, which no float holds exactly."""
    rng = np.random.default_rng(0)
    matrix = rng.integers(0, 60, size=(3000, 4)) / 10
    outcome = rng.random(3000) < 1 / (1 + np.exp(3 - matrix[:, 0] / 2 - np.sin(matrix[:, 1])))
    model = fit_boosting(matrix, outcome, list("abcd"), Setting(rounds=60), seed=1)
    return model, matrix, outcome


@needs_node
@pytest.mark.parametrize("method", METHODS)
def test_python_and_the_page_score_as_xgboost(fitted, method):
    model, matrix, outcome = fitted
    calibration = fit_calibration(outcome, model.predict(matrix), method)
    scorer = export_scorer(model, calibration, matrix, "test")
    rows, expected = matrix[:1000], calibration(model.predict(matrix[:1000]))
    here = evaluate_scorer(scorer, rows)
    assert np.abs(in_node("whatif-engine", "probability", rows.tolist(), shared=scorer) - here).max() < 1e-7
    # XGBoost's own score has single precision, which a steep step of isotonic regression magnifies.
    assert np.abs(here - expected).max() < (1e-3 if method == "isotonic" else 1e-6)


def test_rows_lie_on_conditions_that_doubles_would_miss(fitted):
    # Without these ties the test above could not tell single precision from double.
    model, matrix, outcome = fitted
    scorer = export_scorer(model, fit_calibration(outcome, model.predict(matrix), "none"), matrix, "test")
    missed = 0
    for tree in scorer["trees"]:
        feature, condition = tree["f"][0], tree["t"][0]
        value = matrix[:1000, feature].astype(np.float32)
        missed += (value.astype(float) < condition) != (value < np.float32(condition))
    assert (missed > 0).sum() > 100


def test_the_built_scorer_passes_its_own_check():
    folder = ROOT / "data" / "results" / "models"
    if not (folder / "browser_scorer.json").is_file():
        pytest.skip("needs a build: make site")
    scorer, check = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("browser_scorer.json", "browser_scorer_check.json")
    )
    gap = np.abs(evaluate_scorer(scorer, np.array(check["rows"])) - np.array(check["expected"]))
    assert (gap > 1e-6).sum() == 0
