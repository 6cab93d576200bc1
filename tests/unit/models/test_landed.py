"""Landed models: read back they score as they did, and their contributions add up to their scores."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.features import DECISIONS, load_features
from journey.models.boosting import Boosted, Setting, fit_boosting
from journey.models.calibration import Calibration, logit
from journey.models.drift import count_bins
from journey.models.landed import (
    InPlace,
    Landed,
    column_owners,
    landed_values,
    linear_values,
    read_landed,
    read_linear,
)
from journey.models.linear import fit_linear
from journey.models.training import PurchaseModel, raw_scores, split_periods
from journey.paths import project
from journey.service.load import load_landed
from journey.warehouse.connect import connect

MODELS = project().results / "models"


@pytest.fixture(scope="module")
def periods():
    with connect(project().warehouse("simulated")) as connection:
        return split_periods(load_features(connection, "first_cart"))


@pytest.fixture(scope="module")
def trained(periods):
    """A quick model with everything that can differ: decays, and a calibration for each."""
    train = periods.train
    linear = fit_linear(train.matrix, train.label, train.names, strength=0.003, decays=True)
    setting = Setting(rounds=20)
    boosted = fit_boosting(train.matrix, train.label, train.names, setting, seed=1)
    platt = Calibration("platt", (0.1, 1.2))
    return PurchaseModel(
        decision="first_cart",
        linear=linear,
        boosted=boosted,
        calibrations={"logistic": platt, "xgboost": Calibration("none"), "blend": platt},
        chosen="blend",
        trials=(),
        linear_trials=(),
        validation_loss={},
        fit_seconds={},
    )


def landed(model: PurchaseModel, judged) -> Landed:
    linear = json.dumps(linear_values(model.linear)).encode()
    files = {"logistic": linear, "xgboost": bytes(model.boosted.booster.save_raw("json"))}
    return read_landed(json.dumps(landed_values(model, judged, files)).encode(), files)


@pytest.mark.parametrize("chosen", ["logistic", "xgboost", "blend"])
def test_models_that_are_read_back_score_as_they_did(chosen, trained, periods):
    model = replace(trained, chosen=chosen)
    matrix = periods.test.matrix[:500]
    found = landed(model, periods.test).predict(matrix)
    np.testing.assert_allclose(found, model.predict(matrix)[chosen], rtol=0, atol=1e-12)


@pytest.mark.parametrize("chosen", ["logistic", "xgboost", "blend"])
def test_contributions_and_base_add_up_to_the_log_odds(chosen, trained, periods):
    model = landed(replace(trained, chosen=chosen), periods.test)
    matrix = periods.test.matrix[:200]
    values, base = model.contributions(matrix)
    score = raw_scores(model.linear, model.boosted, matrix)[chosen]
    assert values.shape == matrix.shape
    np.testing.assert_allclose(base + values.sum(axis=1), logit(score), atol=2e-5)


def test_columns_belong_to_the_features_they_are_made_from(trained):
    design = trained.linear.design
    owners = column_owners(design)
    assert len(owners) == len(design.centre)
    doubled = {design.names[place] for place in owners[len(design.names) :]}
    assert doubled == {name for name in design.names if name.startswith("days_since")} | {"hour", "weekday"}
    # Only the columns of one feature move when it does.
    moved = np.tile(design.names.index("hour"), 1)
    one, two = np.zeros((1, len(design.names))), np.zeros((1, len(design.names)))
    two[:, moved] = 5.0
    changed = np.flatnonzero((design.columns(one) != design.columns(two))[0])
    assert {owners[place] for place in changed} == set(moved.tolist())
    assert len(changed) == 3


def test_the_reference_holds_the_rows_the_models_were_judged_on(trained, periods):
    reference = landed(trained, periods.test).reference
    values = np.column_stack([periods.test.matrix, trained.predict(periods.test.matrix)["blend"]])
    assert reference.rows == len(periods.test)
    np.testing.assert_array_equal(count_bins(reference.bins, reference.codes(values)), reference.counts)


def test_a_linear_model_round_trips_exactly(trained, periods):
    again = read_linear(json.loads(json.dumps(linear_values(trained.linear))))
    matrix = periods.test.matrix[:100]
    np.testing.assert_array_equal(again.predict(matrix), trained.linear.predict(matrix))


@pytest.mark.parametrize("decision", DECISIONS)
def test_what_the_build_wrote_can_be_loaded_and_scores_single_rows_as_it_scores_many(decision):
    model = load_landed(MODELS, decision)
    assert isinstance(model.boosted, InPlace)
    with connect(project().warehouse("simulated")) as connection:
        matrix = split_periods(load_features(connection, decision)).test.matrix[:50]
    boosted = Boosted(model.names, model.boosted.booster, model.boosted.setting)
    batch = model.calibration(raw_scores(model.linear, boosted, matrix)[model.chosen])
    single = [model.predict(matrix[[place]])[0] for place in range(len(matrix))]
    np.testing.assert_allclose(single, batch, rtol=0, atol=1e-12)


def test_the_digest_follows_the_trees(trained, periods):
    train = periods.train
    other = fit_boosting(train.matrix, train.label, train.names, Setting(rounds=21), seed=1)
    digests = {landed(model, periods.test).digest for model in (trained, replace(trained, boosted=other))}
    assert len(digests) == 2


@pytest.mark.parametrize("part", ["landed", "logistic", "xgboost"])
@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"decision": 3}'])
def test_a_file_that_is_gone_or_damaged_is_one_sentence(part, content, tmp_path: Path):
    folder = shutil.copytree(MODELS, tmp_path / "models")
    file = folder / f"first_cart_{part}.json"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(JourneyError, match=r"run `journey build prediction`") as caught:
        load_landed(folder, "first_cart")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["logistic", "xgboost"])
def test_files_of_different_builds_are_refused(part, tmp_path):
    folder = shutil.copytree(MODELS, tmp_path / "models")
    shutil.copy(folder / f"session_start_{part}.json", folder / f"first_cart_{part}.json")
    with pytest.raises(JourneyError, match=f"the file of {part} is not the one that was made with it"):
        load_landed(folder, "first_cart")


def test_an_unknown_decision_is_refused():
    with pytest.raises(JourneyError, match="unknown decision 'later'"):
        load_landed(MODELS, "later")
