"""The area under the ROC curve and its interval."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from journey.errors import JourneyError
from journey.models.discrimination import roc_auc
from journey.models.permutation import permutation_test


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("digits", [0, 1, 6])
def test_equals_scikit_learn_also_with_ties(seed, digits):
    rng = np.random.default_rng(seed)
    outcome = rng.random(400) < 0.2
    score = np.round(rng.normal(size=400) + outcome, digits)
    assert roc_auc(outcome, score).value == pytest.approx(roc_auc_score(outcome, score), abs=1e-12)


def test_interval_covers_the_true_area():
    # Two normals one standard deviation apart: the true area is Phi(1 / sqrt(2)).
    truth, rng, runs = stats.norm.cdf(1 / np.sqrt(2)), np.random.default_rng(1), 1000
    covered = 0
    for _ in range(runs):
        outcome = np.arange(300) < 60
        area = roc_auc(outcome, rng.normal(size=300) + outcome)
        covered += area.low <= truth <= area.high
    # Four Monte-Carlo standard errors around 95%.
    assert covered / runs == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / runs))


def test_a_perfect_score_returns_itself():
    area = roc_auc([0, 0, 1, 1], [1, 2, 3, 4])
    assert (area.value, area.low, area.high) == (1, 1, 1)


@pytest.mark.parametrize(
    ("outcome", "score", "message"),
    [
        ([1, 1], [0.1, 0.2], "both classes, got 2 positives and 0 negatives"),
        ([], [], "both classes"),
        ([0, 1], [0.1, np.nan], "1 of 2 scores are not finite"),
        ([0, 1], [0.1], "one length"),
    ],
)
def test_impossible_input_is_one_clear_sentence(outcome, score, message):
    with pytest.raises(JourneyError, match=message):
        roc_auc(outcome, score)


def test_permutation_test_finds_signal_and_only_signal():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(600, 3))
    noise = rng.random(600) < 0.3
    signal = features[:, 0] + rng.normal(size=600) > 0.8
    assert permutation_test(features, signal, shuffles=19, seed=0).p_value == pytest.approx(1 / 20)
    assert permutation_test(features, noise, shuffles=19, seed=0).p_value > 0.1
