"""Kaplan-Meier and log-rank against statsmodels and a published trial, attribution against examples."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from journey.journeys import attribute, kaplan_meier, logrank_test, paths_from_steps, survival_at

# Both sides compute the same closed forms in double precision; only rounding may differ.
ROUNDING = 1e-10

# Freireich et al. (1963), weeks of remission of 42 leukaemia patients, used in most textbooks
# (www.mn.uio.no/math/english/people/aca/borgan/data/leukemia-description.html). 0 marks a censored time.
TREATED_WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
TREATED_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO_WEEKS = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def samples():
    rng = np.random.default_rng(11)
    drawn = []
    for n, ties in [(8, True), (60, True), (300, False), (2000, True)]:
        duration = rng.exponential(10, n)
        duration = np.ceil(duration) if ties else duration
        drawn.append((duration, rng.random(n) < 0.6, rng.integers(0, 4, n)))
    return drawn


# statsmodels takes log(0) where its band starts at S(t) = 1.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("sample", samples(), ids=["tiny", "small", "continuous", "large"])
def test_kaplan_meier_equals_statsmodels(sample):
    duration, event, _ = sample
    ours, theirs = kaplan_meier(duration, event), SurvfuncRight(duration, event)
    assert ours.time == pytest.approx(theirs.surv_times)
    assert ours.at_risk == pytest.approx(theirs.n_risk)
    assert ours.events == pytest.approx(theirs.n_events)
    assert ours.survival == pytest.approx(theirs.surv_prob, abs=ROUNDING)
    positive = ours.survival > 0
    assert ours.standard_error[positive] == pytest.approx(theirs.surv_prob_se[positive], abs=ROUNDING)
    assert ours.median == theirs.quantile(0.5)
    low, high = theirs.quantile_ci(0.5, method="cloglog")
    assert ours.median_low == low
    assert (np.inf if ours.median_high is None else ours.median_high) == high


@pytest.mark.parametrize("groups", [2, 3, 4])
@pytest.mark.parametrize("sample", samples(), ids=["tiny", "small", "continuous", "large"])
def test_logrank_equals_statsmodels(sample, groups):
    duration, event, group = sample
    member = group % groups
    if len(np.unique(member)) < groups:
        pytest.skip("a group is empty in the tiny sample")
    ours = logrank_test(duration, event, member)
    chi_square, p_value = survdiff(duration, event, member)
    assert ours.statistic == pytest.approx(chi_square, rel=1e-8)
    assert ours.p_value == pytest.approx(p_value, rel=1e-8)


def test_leukaemia_trial():
    # As R's survival package prints them: summary(survfit(Surv(t2, relapse) ~ 1)) of the treated, and
    # survdiff of the two arms, chi-square 16.7929409892 on 1 degree of freedom, p 4.168809e-05. Observed 9
    # and 21, expected 19.25 and 10.75 (Kleinbaum and Klein, "Survival Analysis", chapter 2: the page itself
    # was not seen, the figures follow from R's).
    treated = kaplan_meier(TREATED_WEEKS, TREATED_EVENT)
    survival = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert survival_at(treated, [6, 7, 10, 13, 16, 22, 23])[0] == pytest.approx(survival, abs=5.01e-4)
    assert treated.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert treated.standard_error == pytest.approx(errors, abs=5.01e-5)
    assert treated.median == 23
    assert kaplan_meier(PLACEBO_WEEKS, np.ones(21)).median == 8
    test = logrank_test(
        TREATED_WEEKS + PLACEBO_WEEKS, TREATED_EVENT + [1] * 21, ["treated"] * 21 + ["placebo"] * 21
    )
    assert test.statistic == pytest.approx(16.7929409892, rel=1e-11)
    assert test.p_value == pytest.approx(4.168809e-5, abs=5e-12)
    assert dict(zip(test.groups, test.expected, strict=True)) == pytest.approx(
        {"treated": 19.25, "placebo": 10.75}, abs=0.005
    )
    assert test.observed.tolist() == [21, 9]


def test_markov_attribution_of_a_worked_example():
    # Bryl (2016), Marketing multi-channel attribution model with R, part 1,
    # analyzecore.com/2016/08/03/attribution-model-r-part-1: C1 > C2 > C3 > conversion, C1 > null,
    # C2 > C3 > null. Removal effects 1/2, 1, 1 and credits 0.2, 0.4, 0.4, as checked by the library
    # github.com/JesseCastro/markovattribution (test/test.js).
    paths = paths_from_steps([0, 0, 0, 1, 2, 2], [0, 1, 2, 0, 1, 2], ["C1", "C2", "C3"])
    result = attribute(paths, [1, 0, 0], "markov")
    assert result.removal_effect == pytest.approx([0.5, 1.0, 1.0], abs=1e-12)
    assert result.credit == pytest.approx([0.2, 0.4, 0.4], abs=1e-12)


def test_markov_attribution_is_the_limit_of_a_simulated_one():
    # github.com/jmwoloso/pychattr, README: 10,000 simulated paths give A 1.991106 and B 1.008894. The chain
    # solved exactly gives 2 and 1; 0.02 is three standard errors of the simulation.
    paths = paths_from_steps([0] * 6 + [1] * 5 + [2] * 2, [0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0], ["A", "B"])
    result = attribute(paths, [1, 1, 1], "markov")
    assert result.credit == pytest.approx([1.991106, 1.008894], abs=0.02)
    assert result.credit == pytest.approx([2.0, 1.0], abs=1e-12)
