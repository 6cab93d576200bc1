"""Training on a small made-up shop: seeds, periods, bad rows to score, the scorer of a page, the run log."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.features import FEATURES, FeatureFrame
from journey.models.baselines import RULES, fit_baseline
from journey.models.boosting import Setting, contributions, fit_boosting, search_boosting
from journey.models.calibration import Calibration
from journey.models.explain import importance, single, swarm
from journey.models.imbalance import balanced_weights, oversample, smote
from journey.models.linear import fit_linear
from journey.models.resampling import oversampling_lesson
from journey.models.scorer import evaluate_scorer, export_scorer, scorer_text
from journey.models.training import join, split_periods, train_models

ROWS, DAYS = 3000, 60


@pytest.fixture(scope="module")
def frame() -> FeatureFrame:
    """Sessions of 600 users; orders before, days since the last session and mobile decide."""
    rng = np.random.default_rng(11)
    names = tuple(feature.name for feature in FEATURES)
    matrix = rng.normal(size=(ROWS, len(names))).round(3)
    columns = {name: place for place, name in enumerate(names)}
    matrix[:, columns["orders_before"]] = rng.poisson(0.4, ROWS)
    matrix[:, columns["days_since_last_session"]] = rng.choice([0.5, 2, 5, 20, 365], ROWS)
    matrix[:, columns["on_mobile"]] = rng.integers(0, 2, ROWS)
    odds = -1.5 + 1.2 * matrix[:, columns["orders_before"]] - 2.0 * matrix[:, columns["on_mobile"]]
    label = rng.random(ROWS) < 1 / (1 + np.exp(-odds))
    moments = np.datetime64("2025-01-06", "us") + (np.arange(ROWS) * DAYS * 86_400 / ROWS).astype(
        "timedelta64[s]"
    )
    return FeatureFrame(
        decision="session_start",
        names=names,
        matrix=matrix,
        label=label,
        revenue_after=label * 50.0,
        decided_at=moments,
        user_id=rng.integers(0, 600, ROWS),
        session_id=np.arange(1, ROWS + 1),
        decision_id=3 * np.arange(1, ROWS + 1),
        slices=pd.DataFrame(
            {"device": "mobile", "channel": "direct", "country": "DE", "is_new_user": False},
            index=range(ROWS),
        ),
    )


@pytest.fixture(scope="module")
def trained(frame):
    """Models of the frame, with a short search."""
    return train_models(split_periods(frame), seed=3, trials=2)


def test_models_find_the_signal_and_beat_the_rule(frame, trained):
    from journey.models.scores import measure

    test = split_periods(frame).test
    areas = {
        name: measure(test.label, p, replicates=10).roc_auc.value
        for name, p in trained.predict(test.matrix).items()
    }
    rule = fit_baseline("bought_before", split_periods(frame).known).predict(test)
    assert min(areas.values()) > measure(test.label, rule, replicates=10).roc_auc.value
    assert set(np.argsort(-np.abs(trained.linear.coefficients))[:2]) == {
        frame.names.index("orders_before"),
        frame.names.index("on_mobile"),
    }


def test_the_same_seed_gives_the_same_scores(frame, trained):
    periods = split_periods(frame)
    again = train_models(periods, seed=3, trials=2).predict(periods.test.matrix)
    for name, scores in trained.predict(periods.test.matrix).items():
        np.testing.assert_array_equal(scores, again[name])


def test_the_test_period_has_no_part_in_training(frame, trained):
    periods = split_periods(frame)
    rng = np.random.default_rng(0)
    altered = replace(
        periods.test,
        matrix=rng.normal(size=periods.test.matrix.shape),
        label=rng.random(len(periods.test)) < 0.5,
    )
    other = train_models(replace(periods, test=altered), seed=3, trials=2)
    np.testing.assert_array_equal(
        other.predict(periods.test.matrix)["blend"], trained.predict(periods.test.matrix)["blend"]
    )


def test_periods_are_in_order_and_joined_whole(frame):
    periods = split_periods(frame)
    assert periods.train.decided_at.max() < periods.validation.decided_at.min()
    assert periods.validation.decided_at.max() < periods.test.decided_at.min()
    assert len(periods.known) + len(periods.test) == ROWS
    both = join(periods.train, periods.validation)
    np.testing.assert_array_equal(both.session_id, periods.known.session_id)


def test_rows_to_score_may_come_in_any_order(frame, trained):
    rows = pd.DataFrame(frame.matrix[:50], columns=list(frame.names))
    shuffled = rows[list(rows.columns[::-1])]
    np.testing.assert_array_equal(trained.score(shuffled), trained.score(rows))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows.drop(columns="on_mobile"), "missing from the rows to score: 'on_mobile'"),
        (lambda rows: rows.assign(persona=1), "unknown to the model: 'persona'"),
        (lambda rows: rows.assign(on_mobile="tablet"), "'on_mobile' of the rows to score is"),
        (lambda rows: rows.assign(on_mobile=np.nan), "null or infinite"),
    ],
)
def test_rows_that_cannot_be_scored_are_named(frame, trained, change, says):
    rows = pd.DataFrame(frame.matrix[:5], columns=list(frame.names))
    with pytest.raises(JourneyError, match=says):
        trained.score(change(rows))


def test_models_refuse_what_they_cannot_learn(frame):
    with pytest.raises(JourneyError, match="both classes"):
        fit_linear(frame.matrix, np.zeros(ROWS, dtype=bool), frame.names, strength=0.1)
    with pytest.raises(JourneyError, match="both classes"):
        fit_boosting(frame.matrix, np.ones(ROWS, dtype=bool), frame.names, Setting(), seed=1)
    with pytest.raises(JourneyError, match="expected 3,000 outcomes x 2 names"):
        fit_boosting(frame.matrix, frame.label, ["a", "b"], Setting(), seed=1)
    model = fit_boosting(frame.matrix, frame.label, frame.names, Setting(rounds=2), seed=1)
    with pytest.raises(JourneyError, match=f"the model has {len(frame.names)} features"):
        model.predict(frame.matrix[:, :3])


def test_the_search_is_seeded_sorted_and_without_repetition(frame):
    half = ROWS // 2
    train, held = (frame.matrix[:half], frame.label[:half]), (frame.matrix[half:], frame.label[half:])
    found = search_boosting(train, held, frame.names, seed=4, trials=3)
    again = search_boosting(train, held, frame.names, seed=4, trials=3)
    assert found == again
    assert [trial.loss for trial in found] == sorted(trial.loss for trial in found)
    assert len({replace(trial.setting, rounds=0) for trial in found}) == 3


def test_baselines_are_shares_of_training_rows(frame):
    rule = fit_baseline("bought_before", frame)
    bought = frame.column("orders_before") > 0
    share = (frame.label[bought].sum() + 20 * frame.label.mean()) / (bought.sum() + 20)
    assert rule.predict(frame)[bought][0] == pytest.approx(share)
    assert len(np.unique(fit_baseline("base_rate", frame).predict(frame))) == 1
    assert set(RULES) == {"base_rate", "bought_before", "recency"}


def test_contributions_add_up_to_the_log_odds(frame, trained):
    given, base = contributions(trained.boosted, frame.matrix[:200])
    score = trained.boosted.predict(frame.matrix[:200])
    np.testing.assert_allclose(1 / (1 + np.exp(-(given.sum(axis=1) + base))), score, atol=2e-6)
    top = importance(given, frame.names)
    assert set(top["feature"][:2]) == {"orders_before", "on_mobile"}
    assert top["share"].sum() == pytest.approx(1.0)
    row = single(given[0], base, frame.matrix[0], frame.names)
    assert row["contribution"].sum() == pytest.approx(given[0].sum() + base)
    points = swarm(given, frame.matrix[:200], frame.names, ["on_mobile"], rows=50, seed=1)
    assert len(points) == 50
    assert points["offset"].abs().max() <= 1.0 + 1e-9


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration("none"),
        Calibration("platt", (0.2, 1.3)),
        Calibration("isotonic", (0.0, 0.1, 0.4, 1.0), (0.01, 0.05, 0.5, 0.9)),
    ],
)
def test_json_trees_agree_with_xgboost_to_one_in_a_million(frame, trained, calibration):
    scorer = json.loads(
        scorer_text(export_scorer(trained.boosted, calibration, frame.matrix, "session_start"))
    )
    expected = calibration(trained.boosted.predict(frame.matrix))
    assert np.abs(evaluate_scorer(scorer, frame.matrix) - expected).max() < 1e-6
    assert [feature["name"] for feature in scorer["features"]] == list(frame.names)


def test_the_scorer_splits_exactly_at_its_thresholds(frame, trained):
    # Rows that lie on a split, where a comparison in double precision would go the other way.
    scorer = export_scorer(trained.boosted, Calibration("none"), frame.matrix, "session_start")
    matrix = frame.matrix[:400].copy()
    splits = [(f, t) for tree in scorer["trees"] for f, t in zip(tree["f"], tree["t"], strict=True) if f >= 0]
    for row, (feature, threshold) in enumerate(splits[:400]):
        matrix[row, feature] = np.float64(np.float32(threshold))
    assert np.abs(evaluate_scorer(scorer, matrix) - trained.boosted.predict(matrix)).max() < 1e-6


def test_the_scorer_refuses_other_rows_and_versions(frame, trained):
    scorer = export_scorer(trained.boosted, Calibration("none"), frame.matrix, "session_start")
    with pytest.raises(JourneyError, match="features"):
        evaluate_scorer(scorer, frame.matrix[:, :2])
    with pytest.raises(JourneyError, match="1 values of 3 rows"):
        broken = frame.matrix[:3].copy()
        broken[1, 1] = np.nan
        evaluate_scorer(scorer, broken)
    with pytest.raises(JourneyError, match="version 9"):
        evaluate_scorer(scorer | {"version": 9}, frame.matrix)


def test_weights_and_oversampling_balance_the_classes(frame):
    weight = balanced_weights(frame.label)
    assert weight[frame.label].sum() == pytest.approx(weight[~frame.label].sum())
    assert weight.sum() == pytest.approx(ROWS)
    for recipe in (smote, oversample):
        matrix, outcome = recipe(frame.matrix, frame.label, seed=1)
        assert outcome.mean() == 0.5
        np.testing.assert_array_equal(matrix[:ROWS], frame.matrix)
        np.testing.assert_array_equal(recipe(frame.matrix, frame.label, seed=1)[0], matrix)
    with pytest.raises(JourneyError, match="at least two positives"):
        smote(frame.matrix, np.arange(ROWS) < 1, seed=1)


def test_oversampling_before_the_split_fakes_the_score_of_pure_noise():
    # Nothing predicts this outcome, so every honest score is chance.
    rng = np.random.default_rng(12)
    features, outcome = rng.normal(size=(1500, 8)), rng.random(1500) < 0.1
    names = [f"f{place}" for place in range(8)]
    deep = Setting(max_depth=6, min_child_weight=1.0, reg_lambda=1.0, learning_rate=0.3, rounds=60)

    def scorer(train, label, held):
        return fit_boosting(train, label, names, deep, seed=1).predict(held)

    found = oversampling_lesson(features, outcome, rng.random(1500) < 0.3, scorer, seed=1)
    by = {(row.recipe, row.place): row for row in found}
    assert by["as they are", "none"].roc_auc < 0.62
    assert by["SMOTE", "in training"].roc_auc < 0.62
    assert by["SMOTE", "in training"].change.low < 0 < by["SMOTE", "in training"].change.high
    change = by["SMOTE", "in training"].pr_auc - by["as they are", "none"].pr_auc
    assert by["SMOTE", "in training"].plain()["change"] == pytest.approx(change)
    assert by["as they are", "none"].change is by["SMOTE", "before the split"].change is None
    assert by["SMOTE", "before the split"].roc_auc > 0.9
    assert by["repeated rows", "before the split"].roc_auc > 0.9
    assert by["SMOTE", "before the split"].positives == pytest.approx(0.5, abs=0.01)
