"""A label is 0 or 1: what a cast would have made a buyer is refused, wherever labels enter."""

from __future__ import annotations

import numpy as np
import pytest

from journey.causal import naive_difference
from journey.errors import JourneyError
from journey.inference.labels import checked_labels
from journey.journeys import kaplan_meier
from journey.models.boosting import Setting, fit_boosting
from journey.models.calibration import fit_calibration
from journey.models.discrimination import roc_auc
from journey.models.imbalance import balanced_weights, oversample, smote
from journey.models.linear import fit_linear
from journey.models.ranked import rank_outcomes
from journey.models.scores import log_loss, measure
from journey.models.slices import slice_scores
from journey.recommend import ranking_metrics
from journey.sparse.learning import fit_pairs
from journey.sparse.precision import positive_ranks
from journey.uplift import fit_uplift, logistic_base, ranking_quality

N = 12
MATRIX = np.random.default_rng(0).normal(size=(N, 2))
SCORE = np.linspace(0.1, 0.9, N)
USERS = np.arange(N)
ONES = np.ones(N)
FLAGS = np.tile([True, False], N // 2)

ENTRANCES = {
    "rank_outcomes": lambda y: rank_outcomes(y, SCORE),
    "roc_auc": lambda y: roc_auc(y, SCORE),
    "measure": lambda y: measure(y, SCORE),
    "log_loss": lambda y: log_loss(y, SCORE),
    "fit_calibration": lambda y: fit_calibration(y, SCORE, "platt"),
    "fit_boosting": lambda y: fit_boosting(MATRIX, y, ["a", "b"], Setting(rounds=1), seed=0),
    "fit_linear": lambda y: fit_linear(MATRIX, y, ["a", "b"], strength=1.0),
    "balanced_weights": balanced_weights,
    "smote": lambda y: smote(MATRIX, y, seed=0),
    "oversample": lambda y: oversample(MATRIX, y, seed=0),
    "slice_scores": lambda y: slice_scores(y, SCORE, USERS, np.full(N, "all", dtype=object)),
    "positive_ranks": lambda y: positive_ranks(SCORE[:, None], y[:, None], USERS),
    "fit_pairs": lambda y: fit_pairs(MATRIX, y, ONES, ONES, FLAGS, ["a", "b"], seed=0),
    "ranking_metrics": lambda y: ranking_metrics(np.zeros((N, 1), dtype=int), y[:, None]),
    "kaplan_meier": lambda y: kaplan_meier(SCORE, y),
    "treatment of a study": lambda y: naive_difference(SCORE, y),
    "treatment of a ranking": lambda y: ranking_quality(SCORE, y, SCORE),
    "treatment of a learner": lambda y: fit_uplift("T", logistic_base(), MATRIX, y, SCORE),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("wrong", [np.nan, -1.0, 2.0, 0.5])
def test_what_is_no_label_is_refused(entrance, wrong):
    labels = np.where(FLAGS, 1.0, 0.0)
    labels[3] = wrong
    with pytest.raises(JourneyError, match=rf"must be 0 or 1, and 1 of {N} values are not, such as {wrong}"):
        ENTRANCES[entrance](labels)


def test_labels_may_be_numbers_or_booleans():
    for labels in ([0, 1, 1], [0.0, 1.0, 1.0], [False, True, True], np.array([0, 1, 1], dtype=object)):
        assert checked_labels(labels).tolist() == [False, True, True]
    for labels in (["0", "1"], ["yes", "no"], [None, 1], [True, None]):
        with pytest.raises(JourneyError, match="must be 0 or 1"):
            checked_labels(labels)
    assert checked_labels([]).size == 0


def test_number_labels_do_what_boolean_ones_do():
    # As an index, 0 and 1 would pick the first two rows.
    numbers = FLAGS.astype(int)
    assert np.array_equal(balanced_weights(numbers), balanced_weights(FLAGS))
    numbers[:6] = 0
    assert np.array_equal(smote(MATRIX, numbers, seed=0)[0], smote(MATRIX, numbers == 1, seed=0)[0])
