"""Sequential scores know nothing of their own or later folds, and their intervals are wide enough."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from journey.errors import JourneyError
from journey.uplift import (
    LEARNERS,
    BaseModels,
    cross_fit_uplift,
    rank_within,
    ranking_quality,
    sequential_uplift,
)
from journey.uplift.trial import MoneyScale, ShippingTrial, cross_fitted_profit, rankings

LINEAR = BaseModels("linear", LinearRegression, LinearRegression, interactions=True)


def experiment(n: int = 1_000, seed: int = 0, slope: float = 1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    treatment = rng.integers(0, 2, n)
    outcome = x[:, 1] + treatment * (0.3 + slope * x[:, 0]) + rng.normal(size=n)
    return x, treatment, outcome


@pytest.mark.parametrize("learner", LEARNERS)
def test_later_outcomes_change_no_score(learner):
    x, treatment, outcome = experiment()
    before = sequential_uplift(learner, LINEAR, x, treatment, outcome, folds=4, seed=3)
    shaken = np.where(before.fold >= 2, -5 * outcome + 1, outcome)
    after = sequential_uplift(learner, LINEAR, x, treatment, shaken, folds=4, seed=3)
    assert np.array_equal(before.fold, after.fold)
    fold = before.fold[before.rows]
    for values in ("effect", "treated_mean", "control_mean"):
        old, new = getattr(before, values), getattr(after, values)
        # Fold 2 is scored by folds 0 and 1, fold 3 by fold 2 as well.
        assert np.array_equal(old[fold <= 2], new[fold <= 2])
        assert not np.isclose(old[fold == 3], new[fold == 3]).any()


def test_all_but_the_first_fold_are_scored_and_effects_are_found():
    x, treatment, outcome = experiment(8_000)
    scores = sequential_uplift("DR", LINEAR, x, treatment, outcome)
    assert np.array_equal(scores.rows, np.flatnonzero(scores.fold > 0))
    assert len(scores.rows) == pytest.approx(0.8 * len(x), abs=5)
    assert np.corrcoef(scores.effect, x[scores.rows, 0])[0, 1] > 0.95
    assert scores.treated_mean - scores.control_mean == pytest.approx(0.3 + x[scores.rows, 0], abs=0.4)


def test_clusters_stay_in_one_fold():
    x, treatment, outcome = experiment(600)
    users = np.arange(600) // 3
    scores = sequential_uplift("T", LINEAR, x, treatment, outcome, clusters=users)
    assert all(len(set(scores.fold[users == user])) == 1 for user in range(200))


def test_places_within_a_fold_by_hand():
    place = rank_within([3.0, 1.0, 2.0, 200.0, 100.0, 100.0], [0, 0, 0, 1, 1, 1])
    assert place == pytest.approx([5 / 6, 1 / 6, 3 / 6, 5 / 6, 2 / 6, 2 / 6])
    with pytest.raises(JourneyError, match="one number per person"):
        rank_within([1.0, 2.0], [0, 1, 2])


def test_intervals_of_cross_fitted_scores_are_too_narrow_where_there_is_nothing_to_find():
    """Without any difference between people the folds of cross-fitting repeat each other's errors."""
    repeats = 120
    ratios: dict[str, list[float]] = {"cross": [], "sequential": []}
    for repeat in range(repeats):
        x, treatment, outcome = experiment(300, seed=repeat, slope=0.0)
        crossed = cross_fit_uplift("T", LINEAR, x, treatment, outcome, seed=repeat)
        ordered = sequential_uplift("T", LINEAR, x, treatment, outcome, seed=repeat)
        for name, rows, score in (
            ("cross", np.arange(300), rank_within(crossed.effect, crossed.fold)),
            ("sequential", ordered.rows, ordered.ranking),
        ):
            quality = ranking_quality(outcome[rows], treatment[rows], score, n_boot=60, seed=repeat)
            ratios[name].append(quality.qini.value / quality.qini_replicates.std())
    # Errors in units of what fixed scores state; their spread is 1 when it is stated right. With 120 repeats
    # it is known to 1 / sqrt(2 * 120), 6%.
    print({name: (np.mean(values), np.std(values)) for name, values in ratios.items()})
    assert np.std(ratios["cross"]) > 1.12
    assert np.std(ratios["sequential"]) < 1.12
    assert abs(np.mean(ratios["sequential"])) < 0.25


def shipping_trial(n: int = 900) -> ShippingTrial:
    x, treatment, outcome = experiment(n, seed=5)
    bought = (outcome > 0.5).astype(float)
    rng = np.random.default_rng(6)
    return ShippingTrial(x, treatment.astype(float), bought, bought * rng.gamma(2, 15, n), 4.9 * bought)


def test_money_of_the_last_fold_ranks_nobody():
    trial = shipping_trial()
    scores = sequential_uplift("T", LINEAR, trial.covariates, trial.treated, trial.bought)
    changed = ShippingTrial(
        trial.covariates,
        trial.treated,
        trial.bought,
        np.where(scores.fold == 4, 1e6, trial.margin),
        np.where(scores.fold == 4, 1e5, trial.shipping),
    )
    one, other = rankings(trial, scores), rankings(changed, scores)
    assert np.array_equal(one.profit, other.profit)
    known = cross_fit_uplift("T", LINEAR, trial.covariates, trial.treated, trial.bought)
    assert not np.array_equal(cross_fitted_profit(trial, known), cross_fitted_profit(changed, known))
    assert np.array_equal(one.uplift, scores.ranking)
    assert ((one.response > 0) & (one.response < 1)).all()


def test_profit_by_hand():
    trial = ShippingTrial(
        covariates=np.zeros((4, 1)),
        treated=np.array([1.0, 1.0, 0.0, 0.0]),
        bought=np.array([1.0, 0.0, 1.0, 0.0]),
        margin=np.array([50.0, 0.0, 30.0, 0.0]),
        shipping=np.array([9.8, 0.0, 4.9, 0.0]),
    )
    scale = MoneyScale.of(trial)
    assert (scale.margin_per_buyer, scale.shipping_per_buyer) == (30.0, 9.8)
    assert scale.profit(np.array([0.1, 0.5]), np.array([0.2, 1.5])) == pytest.approx([3 - 1.96, 15 - 9.8])
    assert trial.of(np.array([2])).margin == pytest.approx([30.0])
