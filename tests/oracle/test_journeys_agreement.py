"""Kaplan-Meier and log-rank against statsmodels and against a published trial."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from journey.journeys import kaplan_meier, logrank_test, survival_at

# Both sides compute the same closed forms in double precision; only rounding may differ.
ROUNDING = 1e-10

# Freireich et al. (1963), weeks of remission of 42 leukaemia patients, as printed by Cox (1972) and used
# in most textbooks. 0 marks a censored time.
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
    # Kaplan-Meier of the treated: S(6) = 0.857, S(10) = 0.753, S(23) = 0.448, median 23 weeks; placebo median
    # 8; log-rank chi-square 16.79 on 1 degree of freedom (Kleinbaum and Klein, "Survival Analysis", 3rd
    # edition, chapter 2: observed 9 and 21, expected 19.25 and 10.75).
    treated = kaplan_meier(TREATED_WEEKS, TREATED_EVENT)
    assert survival_at(treated, [6, 10, 23])[0] == pytest.approx([0.857, 0.753, 0.448], abs=5e-4)
    assert treated.median == 23
    assert kaplan_meier(PLACEBO_WEEKS, np.ones(21)).median == 8
    test = logrank_test(
        TREATED_WEEKS + PLACEBO_WEEKS, TREATED_EVENT + [1] * 21, ["treated"] * 21 + ["placebo"] * 21
    )
    assert test.statistic == pytest.approx(16.79, abs=0.005)
    assert dict(zip(test.groups, test.expected, strict=True)) == pytest.approx(
        {"treated": 19.25, "placebo": 10.75}, abs=0.005
    )
    assert test.observed.tolist() == [21, 9]
