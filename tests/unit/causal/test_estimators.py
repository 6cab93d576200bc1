"""Every estimator on studies whose effect is known: bias, coverage, robustness, clusters, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression

from journey.causal import (
    augmented_weighting,
    compare_estimators,
    decision_cost,
    doubly_robust,
    fit_propensity,
    inverse_probability_weighting,
    inverse_probability_weights,
    known_propensity,
    match_on_score,
    naive_difference,
    placebo_test,
    propensity_matching,
    regression_adjustment,
)
from journey.causal.glm import fit_regression, with_intercept
from journey.causal.nuisance import assign_folds
from journey.errors import JourneyError

METHODS = ("regression", "weighting", "matching", "doubly robust")


class Logistic:
    """Plain logistic regression with the scikit-learn interface, ten times faster on small samples."""

    def fit(self, x, y):
        self.model = fit_regression(with_intercept(x), y, "logit")
        return self

    def predict_proba(self, x):
        p = self.model.mean(with_intercept(x))
        return np.column_stack([1 - p, p])


def assert_covers(hits: int, runs: int, name: str) -> None:
    """Coverage is compatible with 95%: exact binomial p above 0.001, since many cells are checked."""
    assert binomtest(hits, runs, 0.95).pvalue > 0.001, (name, hits / runs)


def draw(rng: np.random.Generator, n: int, *, binary: bool = False):
    """Three covariates; the first two drive treatment and outcome, the effect varies with the first."""
    x = rng.normal(size=(n, 3))
    score = expit(0.6 * x[:, 0] + 0.4 * x[:, 1] - 0.4)
    treatment = (rng.random(n) < score).astype(int)
    base = x[:, 0] + x[:, 1] + 0.5 * x[:, 2]
    effect = 1 + 0.5 * x[:, 0]
    if not binary:
        return x, treatment, base + treatment * effect + rng.normal(size=n), effect, score
    without, with_it = expit(-1 + 0.5 * base), expit(-1 + 0.5 * base + 0.5 * effect)
    outcome = (rng.random(n) < np.where(treatment, with_it, without)).astype(float)
    return x, treatment, outcome, with_it - without, score


def true_effects(*, binary: bool) -> dict[str, float]:
    _, _, _, effect, score = draw(np.random.default_rng(99), 1_000_000, binary=binary)
    return {
        "ATE": float(effect.mean()),
        "ATT": float(np.average(effect, weights=score)),
        "ATC": float(np.average(effect, weights=1 - score)),
    }


def estimate(method, x, treatment, outcome, estimand, *, binary=False, clusters=None, seed=0):
    if method == "regression":
        link = "logit" if binary else "identity"
        return regression_adjustment(outcome, treatment, x, estimand=estimand, link=link, clusters=clusters)
    if method == "doubly robust":
        factory = Logistic if binary else LinearRegression
        return doubly_robust(
            outcome,
            treatment,
            x,
            outcome_factory=factory,
            propensity_factory=Logistic,
            estimand=estimand,
            clusters=clusters,
            folds=3,
            seed=seed,
            trim=0,
        )
    score = fit_propensity(treatment, x)
    if method == "weighting":
        return inverse_probability_weighting(
            outcome, treatment, score, estimand=estimand, clusters=clusters, trim=0
        )
    return propensity_matching(outcome, treatment, x, score, estimand=estimand, clusters=clusters)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC"])
@pytest.mark.parametrize("binary", [False, True], ids=["numeric", "binary"])
def test_estimators_recover_the_truth_and_the_naive_difference_does_not(binary, estimand):
    truth = true_effects(binary=binary)[estimand]
    x, treatment, outcome, _, _ = draw(np.random.default_rng(3), 20_000, binary=binary)
    for method in METHODS:
        result = estimate(method, x, treatment, outcome, estimand, binary=binary)
        assert result.estimate == pytest.approx(truth, abs=3 * result.standard_error), method
        assert result.estimand == estimand
    naive = naive_difference(outcome, treatment)
    assert naive.estimate - truth > 10 * naive.standard_error


def test_effect_over_the_untreated():
    # Effect 0.5 + 0.5 x, treated with probability expit(1.04 x). By quadrature the untreated have a mean x
    # of -0.424, so their effect is 0.288, where everybody's is 0.5.
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight * expit(-1.04 * node)
    truth = 0.5 + 0.5 * float(weight @ node / weight.sum())
    assert round(truth, 3) == 0.288
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40_000, 1))
    treatment = (rng.random(40_000) < expit(1.04 * x[:, 0])).astype(int)
    outcome = x[:, 0] + treatment * (0.5 + 0.5 * x[:, 0]) + rng.normal(size=40_000) + 9
    for method in METHODS:
        result = estimate(method, x, treatment, outcome, "ATC")
        assert result.estimate == pytest.approx(truth, abs=3 * result.standard_error), method
        assert result.standard_error < 0.03
        assert result.estimand == "ATC"
        assert result.estimate == pytest.approx(result.treated_mean - result.control_mean)
        assert result.risk_ratio == pytest.approx(result.treated_mean / result.control_mean)
        assert result.risk_ratio_low < result.risk_ratio < result.risk_ratio_high
        assert result.n_treated <= treatment.sum()
    score = fit_propensity(treatment, x)
    weights = (
        inverse_probability_weights(treatment, score, estimand="ATC"),
        match_on_score(treatment, score, estimand="ATC").weights,
    )
    for each in weights:
        # The treated are weighted to look like the untreated.
        assert np.average(x[treatment == 1, 0], weights=each[treatment == 1]) == pytest.approx(
            -0.424, abs=0.03
        )


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_estimand_is_refused(method):
    x, treatment, outcome, _, _ = draw(np.random.default_rng(1), 200)
    with pytest.raises(JourneyError, match="Unknown estimand 'LATE'; choose one of ATE, ATT, ATC"):
        estimate(method, x, treatment, outcome, "LATE")


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
@pytest.mark.parametrize("binary", [False, True], ids=["numeric", "binary"])
def test_intervals_cover(binary, estimand):
    truth = true_effects(binary=binary)[estimand]
    rng = np.random.default_rng(7)
    runs = 400
    hits = dict.fromkeys(METHODS, 0)
    for run in range(runs):
        x, treatment, outcome, _, _ = draw(rng, 600, binary=binary)
        for method in METHODS:
            result = estimate(method, x, treatment, outcome, estimand, binary=binary, seed=run)
            hits[method] += result.low <= truth <= result.high
    for method, count in hits.items():
        assert_covers(count, runs, method)


@pytest.mark.parametrize("method", METHODS)
def test_clustered_intervals_cover_where_plain_ones_do_not(method):
    rng = np.random.default_rng(8)
    runs, users = 150, 150
    clustered = plain = 0
    for run in range(runs):
        user = np.repeat(np.arange(users), 6)
        x = np.column_stack([rng.normal(size=users)[user], rng.normal(size=len(user))])
        treatment = (rng.random(users) < 0.5)[user].astype(int)
        outcome = x.sum(axis=1) + treatment + rng.normal(size=users)[user] + rng.normal(size=len(user))
        for name in ("clustered", "plain"):
            result = estimate(
                method, x, treatment, outcome, "ATE", clusters=user if name == "clustered" else None, seed=run
            )
            hit = result.low <= 1 <= result.high
            clustered += hit * (name == "clustered")
            plain += hit * (name == "plain")
    assert_covers(clustered, runs, method)
    assert plain / runs <= 0.85


@pytest.mark.parametrize("wrong", ["propensity", "outcome", "both"])
def test_double_robustness(wrong):
    """One wrong nuisance model does not bias the estimate; two do."""
    truth = true_effects(binary=False)["ATE"]
    estimates = []
    for seed in range(12):
        x, treatment, outcome, _, _ = draw(np.random.default_rng(100 + seed), 4000)
        result = doubly_robust(
            outcome,
            treatment,
            x,
            outcome_factory=DummyRegressor if wrong in ("outcome", "both") else LinearRegression,
            propensity_factory=DummyClassifier if wrong in ("propensity", "both") else Logistic,
            seed=seed,
        )
        estimates.append(result.estimate)
    bias = np.mean(estimates) - truth
    noise = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    if wrong == "both":
        assert abs(bias) > 0.05
        assert abs(bias) > 5 * noise
    else:
        assert abs(bias) < 3 * noise


def test_randomised_treatment_makes_all_methods_agree():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(10_000, 2))
    treatment = rng.integers(0, 2, 10_000)
    outcome = x[:, 0] + 0.3 * treatment + rng.normal(size=10_000)
    results = compare_estimators(
        outcome, treatment, x, outcome_factory=LinearRegression, propensity_factory=Logistic
    )
    assert [r.method for r in results] == [
        "naive difference",
        "regression adjustment",
        "propensity matching",
        "inverse probability weighting",
        "doubly robust",
    ]
    for result in results:
        assert result.estimate == pytest.approx(0.3, abs=4 * result.standard_error)
    # Adjusting for a covariate that explains half the variance narrows the interval by about sqrt(1/2).
    assert results[1].standard_error / results[0].standard_error == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_naive_difference_is_welch():
    rng = np.random.default_rng(0)
    outcome, treatment = rng.normal(size=200), rng.integers(0, 2, 200)
    one, zero = outcome[treatment == 1], outcome[treatment == 0]
    result = naive_difference(outcome, treatment)
    assert result.estimate == pytest.approx(one.mean() - zero.mean())
    welch = np.sqrt(one.var() / len(one) + zero.var() / len(zero))
    assert result.standard_error == pytest.approx(welch * np.sqrt(200 / 199))


def test_known_propensity_needs_no_model():
    x, treatment, outcome, _, score = draw(np.random.default_rng(2), 20_000)
    known = inverse_probability_weighting(outcome, treatment, known_propensity(score), trim=0)
    fitted = inverse_probability_weighting(outcome, treatment, fit_propensity(treatment, x), trim=0)
    truth = true_effects(binary=False)["ATE"]
    assert known.low < truth < known.high
    # Estimating a known score is more efficient (Hirano, Imbens and Ridder 2003).
    assert fitted.standard_error < known.standard_error


def test_trimming_and_calipers_report_what_they_drop():
    x, treatment, outcome, _, score = draw(np.random.default_rng(4), 2000)
    weighted = inverse_probability_weighting(outcome, treatment, known_propensity(score), trim=0.2)
    assert weighted.n_dropped == ((score < 0.2) | (score > 0.8)).sum() > 0
    assert weighted.n + weighted.n_dropped == 2000
    tight = propensity_matching(outcome, treatment, x, known_propensity(score), caliper=1e-4)
    assert 0 < tight.n_dropped < treatment.sum()


def test_folds_keep_users_together_and_balance_treatment():
    rng = np.random.default_rng(0)
    user = rng.integers(0, 200, 1000)
    distinct, codes = np.unique(user, return_inverse=True)
    treated = (rng.random(len(distinct)) < 0.1)[codes]
    fold = assign_folds(treated, codes, len(distinct), 5, seed=3)
    assert all(len(np.unique(fold[codes == u])) == 1 for u in range(len(distinct)))
    rates = [treated[fold == f].sum() for f in range(5)]
    assert max(rates) - min(rates) <= 12
    assert np.array_equal(fold, assign_folds(treated, codes, len(distinct), 5, seed=3))


def test_same_seed_same_estimate():
    x, treatment, outcome, _, _ = draw(np.random.default_rng(6), 500)
    one, two, other = (estimate("doubly robust", x, treatment, outcome, "ATE", seed=s) for s in (1, 1, 2))
    assert one == two
    assert one != other


def test_risk_ratio_interval_covers():
    rng = np.random.default_rng(9)
    hits, runs = 0, 400
    for _ in range(runs):
        treatment = rng.integers(0, 2, 800)
        outcome = (rng.random(800) < np.where(treatment, 0.3, 0.2)).astype(float)
        result = naive_difference(outcome, treatment)
        hits += result.risk_ratio_low <= 1.5 <= result.risk_ratio_high
    assert_covers(hits, runs, "risk ratio")
    assert naive_difference(-outcome, treatment).risk_ratio is None


def test_placebo_outcome_sounds_the_alarm_only_when_confounding_is_left():
    rng = np.random.default_rng(12)
    n = 5000
    keen = rng.normal(size=n)
    before = keen + rng.normal(size=n)
    treatment = (rng.random(n) < expit(keen)).astype(int)
    naive = placebo_test(lambda y: naive_difference(y, treatment), before)
    adjusted = placebo_test(lambda y: regression_adjustment(y, treatment, keen[:, None]), before)
    assert naive.alarm
    assert naive.effect.estimate > 0.5
    assert not adjusted.alarm


def test_decision_cost():
    wrong = decision_cost(0.05, 0.01, value=40.0, cost=1.0, n=1000)
    assert wrong.treat
    assert not wrong.right
    assert wrong.gain == pytest.approx(-600)
    assert wrong.regret == pytest.approx(600)
    right = decision_cost(0.03, 0.04, value=40.0, cost=1.0, n=1000)
    assert right.right
    assert right.regret == 0
    assert right.best_gain == pytest.approx(600)


@pytest.mark.parametrize(
    ("outcome", "treatment", "reason"),
    [
        ([1.0, 2.0, 3.0, 4.0], [0, 0, 0, 1], "1 of 4 rows are treated"),
        ([1.0, 2.0, 3.0, 4.0], [0, 1, 2, 1], "0 or 1, and 1 of 4 values are not, such as 2"),
        ([1.0, np.nan, 3.0, 4.0], [0, 0, 1, 1], "1 missing"),
        ([1.0, 2.0], [0, 0, 1, 1], "Treatment must be 2"),
        ([], [], "0 rows"),
    ],
)
def test_bad_studies_are_refused(outcome, treatment, reason):
    with pytest.raises(JourneyError, match=reason):
        naive_difference(outcome, treatment)


def test_no_overlap_is_refused():
    x = np.linspace(-1, 1, 40)[:, None]
    treatment = (x[:, 0] > 0).astype(int)
    with pytest.raises(JourneyError, match="perfectly"):
        fit_propensity(treatment, x)
    with pytest.raises(JourneyError, match="strictly between"):
        known_propensity(np.r_[0.0, np.full(39, 0.5)])
    far = known_propensity(np.where(treatment, 0.9999, 0.0001))
    with pytest.raises(JourneyError, match="overlap"):
        inverse_probability_weighting(x[:, 0], treatment, far, trim=0.01)
    with pytest.raises(JourneyError, match="No match"):
        propensity_matching(x[:, 0], treatment, x, far, caliper=0.01)
    with pytest.raises(JourneyError, match="one value for each"):
        augmented_weighting(x[:, 0], treatment, known_propensity(np.full(40, 0.5)), [1.0], [1.0])
