"""The exported trees, evaluated outside Python, give the scores of XGBoost."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
from support.places import ROOT

from journey.models.boosting import Setting, fit_boosting
from journey.models.calibration import METHODS, fit_calibration
from journey.models.scorer import evaluate_scorer, export_scorer, scorer_text

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")


def in_node(scorer: dict, rows: np.ndarray, *arguments: str) -> np.ndarray:
    given = scorer_text({"scorer": scorer, "rows": rows.tolist()})
    program = ROOT / "tests" / "support" / "scorer.mjs"
    done = subprocess.run(
        ["node", str(program), *arguments], input=given, capture_output=True, text=True, check=True
    )
    return np.array(json.loads(done.stdout))


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
def test_a_page_reproduces_the_scores(fitted, method):
    model, matrix, outcome = fitted
    calibration = fit_calibration(outcome, model.predict(matrix), method)
    scorer = export_scorer(model, calibration, matrix, "test")
    rows, expected = matrix[:1000], calibration(model.predict(matrix[:1000]))
    page, here = in_node(scorer, rows), evaluate_scorer(scorer, rows)
    assert np.abs(page - here).max() < 1e-7
    # XGBoost's own score has single precision, which a steep step of isotonic regression magnifies.
    assert np.abs(here - expected).max() < (1e-3 if method == "isotonic" else 1e-6)


@needs_node
def test_conditions_must_be_single_precision_too(fitted):
    # Rounding the feature alone sends rows that lie on a condition to the other side.
    model, matrix, outcome = fitted
    scorer = export_scorer(model, fit_calibration(outcome, model.predict(matrix), "none"), matrix, "test")
    wrong = in_node(scorer, matrix[:1000], "thresholds as doubles") - model.predict(matrix[:1000])
    assert (np.abs(wrong) > 1e-6).sum() > 100


@needs_node
def test_the_built_scorer_passes_its_own_check():
    folder = ROOT / "data" / "results" / "models"
    if not (folder / "browser_scorer.json").is_file():
        pytest.skip("needs a build: make site")
    scorer, check = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("browser_scorer.json", "browser_scorer_check.json")
    )
    gap = np.abs(in_node(scorer, np.array(check["rows"])) - np.array(check["expected"]))
    assert (gap > 1e-6).sum() == 0
