"""Kaplan-Meier and log-rank against statsmodels, and what the list of published figures leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from journey.journeys import kaplan_meier, logrank_test
from journey.published import published, value
from journey.published.journeys import treated_curve, trial_logrank, two_channels

# Both sides compute the same closed forms in double precision; only rounding may differ.
ROUNDING = 1e-10


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


def test_leukaemia_trial_events_and_times():
    # Freireich et al. (1963): observed 9 and 21 relapses (Kleinbaum and Klein, "Survival Analysis", chapter
    # 2: the page itself was not seen). The printed curve and test are in journey.published.
    assert treated_curve().time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    test = trial_logrank()
    assert dict(zip(test.groups, test.observed.tolist(), strict=True)) == {"treated": 9, "placebo": 21}
    # Twelve digits, more than half a unit of the last printed one asks for.
    assert test.statistic == pytest.approx(value(published("logrank").printed[0]), rel=1e-11)


def test_markov_attribution_of_two_channels_is_a_closed_form():
    # pychattr simulates what is solved here: its credits are in journey.published.
    assert two_channels().credit == pytest.approx([2.0, 1.0], abs=1e-12)
