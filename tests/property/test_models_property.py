"""What holds for every ranking and every made-up row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from support.ranks import precision_at

from journey.models.calibration import METHODS, fit_calibration
from journey.models.discrimination import roc_auc
from journey.models.imbalance import smote
from journey.models.ranked import rank_outcomes
from journey.models.scores import calibration_error, measure

#: Scores on a coarse grid, so that ties are common.
ranking = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda rows: len({outcome for outcome, _ in rows}) == 2
)


def arrays(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    outcome, score = zip(*rows, strict=True)
    return np.array(outcome), np.array(score) / 8


@given(ranking)
def test_areas_equal_scikit_learn_for_any_ties(rows):
    y, s = arrays(rows)
    found = rank_outcomes(y, s).profile(np.ones((1, len(y))))
    assert found["roc_auc"][0] == pytest.approx(reference.roc_auc_score(y, s), abs=1e-12)
    assert found["roc_auc"][0] == pytest.approx(roc_auc(y, s).value, abs=1e-12)
    assert found["pr_auc"][0] == pytest.approx(reference.average_precision_score(y, s), abs=1e-12)


@given(ranking, st.floats(0.02, 1.0))
def test_only_the_order_of_scores_counts(rows, share):
    y, s = arrays(rows)
    stretched = np.exp(3 * s) - 5
    assert precision_at(y, s, share) == pytest.approx(precision_at(y, stretched, share))
    one, two = (rank_outcomes(y, each).profile(np.ones((1, len(y)))) for each in (s, stretched))
    assert one["roc_auc"][0] == two["roc_auc"][0]


@given(ranking)
def test_turning_the_scores_round_turns_the_area_round(rows):
    y, s = arrays(rows)
    one, two = (rank_outcomes(y, each).profile(np.ones((1, len(y))))["roc_auc"][0] for each in (s, -s))
    assert one + two == pytest.approx(1.0)


@given(ranking, st.floats(0.02, 1.0))
def test_precision_at_is_the_mean_over_all_orders_of_ties(rows, share):
    y, s = arrays(rows)
    # Any one order of the ties gives a value; the mean over many random orders is the one reported.
    rng = np.random.default_rng(0)
    edge = share * len(y)
    whole, part = int(edge), edge - int(edge)
    drawn = []
    for _ in range(400):
        order = np.lexsort((rng.random(len(y)), -s))
        hits = y[order][:whole].sum() + (part * y[order][whole] if whole < len(y) else 0.0)
        drawn.append(hits / edge)
    spread = np.std(drawn) / 20
    assert precision_at(y, s, share) == pytest.approx(np.mean(drawn), abs=5 * spread + 1e-9)


@settings(max_examples=25)
@given(ranking)
def test_every_bound_stands_around_its_value(rows):
    y, s = arrays(rows)
    found = measure(y, s, replicates=30)
    for estimate in (found.roc_auc, found.pr_auc, found.lift_5, found.brier):
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.low >= 0


@given(ranking)
def test_calibration_error_is_at_most_one_and_zero_for_the_outcome_itself(rows):
    y, s = arrays(rows)
    assert 0 <= calibration_error(y, s) <= 1
    assert calibration_error(y, y.astype(float)) == 0


@given(ranking)
def test_calibration_keeps_probabilities_in_range_and_never_turns_isotonic_ranks_round(rows):
    y, s = arrays(rows)
    for method in METHODS:
        fitted = fit_calibration(y, s, method)
        assert ((fitted(s) >= 0) & (fitted(s) <= 1)).all()
    ordered = fit_calibration(y, s, "isotonic")(np.sort(s))
    assert (np.diff(ordered) >= 0).all()


@given(st.integers(2, 20), st.integers(1, 4), st.integers(0, 1000))
def test_made_up_rows_lie_within_the_range_of_real_positives(positives, width, seed):
    rng = np.random.default_rng(seed)
    outcome = np.arange(60) < positives
    matrix = rng.normal(size=(60, width))
    more, labels = smote(matrix, outcome, seed=seed)
    made = more[60:]
    assert labels.sum() == 60 - positives
    assert (made >= matrix[outcome].min(axis=0) - 1e-12).all()
    assert (made <= matrix[outcome].max(axis=0) + 1e-12).all()
