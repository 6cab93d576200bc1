"""Kaplan-Meier and log-rank: hand counts, a published curve, and behaviour by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.journeys import kaplan_meier, logrank_test, survival_at


def exponential_sample(rng: np.random.Generator, n: int, rate: float, censor_rate: float):
    event_time, cut = rng.exponential(1 / rate, n), rng.exponential(1 / censor_rate, n)
    return np.minimum(event_time, cut), event_time <= cut


def test_by_hand():
    curve = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 0, 1])
    assert curve.time.tolist() == [1, 2, 4]
    assert curve.at_risk.tolist() == [5, 4, 1]
    assert curve.censored.tolist() == [0, 2, 0]
    assert curve.survival == pytest.approx([0.8, 0.6, 0.0])
    assert curve.median == 4
    assert curve.restricted_mean == pytest.approx(1 + 0.8 + 2 * 0.6)


def test_without_censoring_it_is_the_empirical_survival():
    durations = np.random.default_rng(0).integers(1, 20, 200)
    curve = kaplan_meier(durations, np.ones(200))
    assert curve.survival == pytest.approx([(durations > t).mean() for t in curve.time])
    assert curve.restricted_mean == pytest.approx(durations.mean())
    assert curve.restricted_mean_error == pytest.approx(durations.std() / np.sqrt(200), rel=1e-9)


def test_median_is_absent_when_most_never_convert():
    curve = kaplan_meier([1, 2, 10, 10, 10, 10], [1, 1, 0, 0, 0, 0])
    assert curve.median is None
    assert curve.median_high is None
    assert curve.survival[-1] == pytest.approx(4 / 6)


def test_without_an_event_the_mean_time_is_unknown():
    curve = kaplan_meier([3, 5, 8], [0, 0, 0])
    assert (curve.n, curve.n_events, curve.median, curve.restricted_mean) == (3, 0, None, None)
    assert curve.restricted_mean_error is None
    assert survival_at(curve, [4.0])[0].tolist() == [1.0]
    with pytest.raises(JourneyError, match="Horizon 10 lies beyond"):
        kaplan_meier([3, 5, 8], [0, 0, 0], horizon=10)


def test_ignoring_censoring_is_biased_and_kaplan_meier_is_not():
    rng = np.random.default_rng(1)
    duration, event = exponential_sample(rng, 20_000, rate=0.1, censor_rate=0.2)
    curve = kaplan_meier(duration, event)
    truth = np.exp(-0.1 * 5)
    estimate, low, high = survival_at(curve, [5.0])
    assert low[0] < truth < high[0]
    assert estimate[0] == pytest.approx(truth, abs=0.015)
    assert abs((duration[event] > 5).mean() - truth) > 0.2
    assert survival_at(curve, [0.0])[0][0] == 1.0


def test_loglog_interval_covers():
    rng = np.random.default_rng(2)
    runs, truth = 1000, np.exp(-0.5)
    hits = 0
    for _ in range(runs):
        duration, event = exponential_sample(rng, 100, rate=0.5, censor_rate=0.25)
        _, low, high = survival_at(kaplan_meier(duration, event), [1.0])
        hits += low[0] <= truth <= high[0]
    # 94-96% is asked of 10,000 runs; 1,000 runs have a standard error of 0.7 points.
    assert 0.93 <= hits / runs <= 0.97


def test_restricted_mean_covers():
    rng = np.random.default_rng(3)
    runs, horizon, truth = 600, 2.0, (1 - np.exp(-1.0)) / 0.5
    hits = 0
    for _ in range(runs):
        duration, event = exponential_sample(rng, 150, rate=0.5, censor_rate=0.25)
        curve = kaplan_meier(np.r_[duration, 3.0], np.r_[event, False], horizon=horizon)
        hits += abs(curve.restricted_mean - truth) <= 1.96 * curve.restricted_mean_error
    assert 0.925 <= hits / runs <= 0.975


def test_logrank_keeps_its_level_and_has_power():
    rng = np.random.default_rng(4)
    group = np.repeat([0, 1, 2], 60)
    false_alarms = power = 0
    runs = 500
    for _ in range(runs):
        duration, event = exponential_sample(rng, 180, rate=0.5, censor_rate=0.3)
        false_alarms += logrank_test(duration, event, group).p_value < 0.05
        faster = np.where(group == 2, duration / 2.2, duration)
        power += logrank_test(faster, event, group).p_value < 0.05
    assert 0.03 <= false_alarms / runs <= 0.075
    assert power / runs > 0.85


@pytest.mark.parametrize(
    ("duration", "event", "reason"),
    [
        ([], [], "0 rows"),
        ([1.0, -1.0], [1, 1], "negative or missing"),
        ([1.0, np.nan], [1, 1], "negative or missing"),
        ([1.0], [1, 0], "equally long"),
        ([1.0], [2], "Event flags must be 0 or 1"),
    ],
)
def test_bad_durations_are_refused(duration, event, reason):
    with pytest.raises(JourneyError, match=reason):
        kaplan_meier(duration, event)


def test_bad_questions_are_refused():
    with pytest.raises(JourneyError, match="Horizon"):
        kaplan_meier([1, 2, 3], [1, 0, 0], horizon=10)
    with pytest.raises(JourneyError, match="two groups"):
        logrank_test([1, 2], [1, 1], [0, 0])
    with pytest.raises(JourneyError, match="has an event"):
        logrank_test([1, 2], [0, 0], [0, 1])
