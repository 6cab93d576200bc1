"""The what-if scorer gives XGBoost's probability and its exact contributions, in Python and in the page."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost as xgb
from support.places import ROOT
from support.twins import TOLERANCE, in_node, needs_node

from journey.findings.tools.whatif import shapley, with_covers
from journey.models.boosting import Boosted, Setting, contributions, fit_boosting
from journey.models.calibration import METHODS, fit_calibration
from journey.models.scorer import evaluate_scorer, export_scorer

RESULTS = ROOT / "data" / "results"


@pytest.fixture(scope="module")
def fitted():
    """Trees that split the same feature twice on a path, on conditions that rows lie on."""
    rng = np.random.default_rng(0)
    matrix = rng.integers(0, 60, size=(3000, 4)) / 10
    outcome = rng.random(3000) < 1 / (1 + np.exp(3 - matrix[:, 0] / 2 - np.sin(matrix[:, 1])))
    model = fit_boosting(matrix, outcome, list("abcd"), Setting(rounds=60, max_depth=4), seed=1)
    return model, matrix[:1000], outcome[:1000]


def exported(model: Boosted, rows: np.ndarray, outcome: np.ndarray, method: str) -> dict:
    scorer = export_scorer(model, fit_calibration(outcome, model.predict(rows), method), rows, "test")
    return with_covers(scorer, json.loads(bytes(model.booster.save_raw("json"))))


def test_contributions_are_those_of_xgboost(fitted):
    model, rows, outcome = fitted
    assert any(
        tree["f"][child] == tree["f"][0]
        for tree in exported(model, rows, outcome, "none")["trees"]
        for child in (tree["l"][0], tree["r"][0])
    ), "no path meets a feature twice"
    expected, _ = contributions(model, rows)
    given = shapley(exported(model, rows, outcome, "none"), rows)
    # XGBoost adds up in single precision.
    assert np.abs(given - expected).max() < 1e-5
    assert np.abs(given).max() > 0.1


@needs_node
@pytest.mark.parametrize("method", METHODS)
def test_the_page_scores_as_python(fitted, method):
    model, rows, outcome = fitted
    scorer = exported(model, rows, outcome, method)
    page = np.array(in_node("whatif-engine", "probability", rows.tolist(), shared=scorer))
    assert np.abs(page - evaluate_scorer(scorer, rows)).max() < TOLERANCE


@needs_node
def test_contributions_and_average_add_up_to_the_score_of_the_page(fitted):
    model, rows, outcome = fitted
    scorer = exported(model, rows, outcome, "none")
    parts = in_node("whatif-engine", "contributions", rows[:200].tolist(), shared=scorer)
    score = in_node("whatif-engine", "logOdds", rows[:200].tolist(), shared=scorer)
    sums = [part["average"] + sum(part["given"]) for part in parts]
    assert np.abs(np.array(sums) - np.array(score)).max() < TOLERANCE


@pytest.fixture(scope="module")
def built() -> tuple[dict, dict, Boosted]:
    """The site's own file, the rows it is checked on, and XGBoost's model."""
    page = RESULTS / "tools" / "page" / "whatif.json"
    if not page.is_file():
        pytest.skip("needs a build: make site")
    scorer = json.loads(page.read_text(encoding="utf-8"))
    check = json.loads((RESULTS / "models" / "browser_scorer_check.json").read_text(encoding="utf-8"))
    booster = xgb.Booster(model_file=RESULTS / "models" / "after_3_events_xgboost.json")
    return scorer, check, Boosted(tuple(check["features"]), booster, Setting())


@needs_node
def test_a_thousand_visits_score_in_the_page_as_in_xgboost(built):
    scorer, check, _ = built
    assert len(check["rows"]) == 1000
    page = np.array(in_node("whatif-engine", "probability", check["rows"], shared=scorer))
    assert np.abs(page - np.array(check["expected"])).max() < TOLERANCE


@needs_node
def test_a_thousand_visits_have_the_contributions_of_xgboost(built):
    scorer, check, model = built
    parts = in_node("whatif-engine", "contributions", check["rows"], shared=scorer)
    page = np.array([part["given"] for part in parts])
    rows = np.array(check["rows"])
    assert np.abs(page - shapley(scorer, rows)).max() < TOLERANCE
    expected, average = contributions(model, rows)
    # XGBoost's own sums have single precision.
    assert np.abs(page - expected).max() < 1e-5
    assert parts[0]["average"] == pytest.approx(float(np.asarray(average).flat[0]), abs=1e-5)


def test_the_visits_to_start_from_can_be_typed_into_the_form(built):
    scorer, _, _ = built
    for visit in scorer["visits"]:
        for feature, value in zip(scorer["features"], visit["row"], strict=True):
            assert feature["least"] <= value <= feature["most"], (visit["label"], feature["name"])
            assert not feature["flag"] or value in (0, 1), feature["name"]
