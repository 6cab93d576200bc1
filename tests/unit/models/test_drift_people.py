"""The drift alarm over people: it keeps its level where people hardly change, and rings where all do."""

from __future__ import annotations

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.models.drift_people import look_at_people, looks_at_people
from journey.models.stability import numeric_bins
from journey.models.watch import log_looks

PEOPLE, WEEKS, BEFORE = 300, 16, 6


def slow_weeks(seed, shift=0.0):
    """People whose own level wanders slowly; from week `BEFORE` on everyone moves by `shift`."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.15, size=(PEOPLE, WEEKS)).cumsum(axis=1) + rng.normal(0, 1, size=(PEOPLE, 1))
    # A wandering level grows apart; scaled back it has the same spread in every week.
    values = steps / steps.std(axis=0) - steps.mean(axis=0)
    values[:, BEFORE:] += shift
    people, weeks = np.repeat(np.arange(PEOPLE), WEEKS), np.tile(np.arange(WEEKS), PEOPLE)
    seen = rng.random(len(people)) < 0.8
    return {"level": values.ravel()[seen]}, people[seen], weeks[seen]


def rings(seed, shift=0.0, draws=200):
    columns, people, weeks = slow_weeks(seed, shift)
    looks = looks_at_people(columns, people, weeks, before=BEFORE, draws=draws, seed=seed, only=[8, 15])
    return bool(log_looks(looks).table["psi_rings"].any())


def test_the_level_is_kept_where_people_hardly_change():
    false = sum(rings(seed) for seed in range(80))
    assert false <= 11  # 5% accepted: 99.9% of binomial counts of 80 lie at or below 11


def test_a_shift_of_everyone_rings():
    assert all(rings(seed, shift=0.35) for seed in range(5))


def test_nothing_to_look_at():
    columns, people, weeks = slow_weeks(0)
    with pytest.raises(JourneyError, match="no week from number 16"):
        looks_at_people(columns, people, weeks, before=16)
    bins = [numeric_bins("level", columns["level"])]
    counts = np.ones((5, bins[0].size))
    with pytest.raises(JourneyError, match="no rows"):
        look_at_people(bins, counts, np.zeros_like(counts))
    with pytest.raises(JourneyError, match="shapes"):
        look_at_people(bins, counts, counts[:, :2])
