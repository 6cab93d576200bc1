"""Ranges of features hold for everything that the shop has ever measured."""

from __future__ import annotations

import numpy as np

from journey.features import DECISIONS, FEATURES, load_features
from journey.features.ranges import BOUNDS, RANGES, WHOLE
from journey.paths import project
from journey.warehouse.connect import connect


def test_every_unit_of_the_catalogue_has_bounds_and_no_other():
    assert {feature.unit for feature in FEATURES} == set(BOUNDS)
    assert set(WHOLE) <= set(BOUNDS)


def test_fill_values_are_in_range_or_stand_for_a_moment_that_always_is_known():
    outside = [each.name for each in FEATURES if not RANGES[each.name].low <= each.fill]
    assert outside == ["weekday"]
    assert all(each.fill <= RANGES[each.name].high for each in FEATURES)


def test_every_row_of_the_warehouse_is_in_range():
    low = np.array([each.low for each in RANGES.values()])
    high = np.array([each.high for each in RANGES.values()])
    whole = np.array([each.whole for each in RANGES.values()])
    with connect(project().warehouse("simulated")) as connection:
        for decision in DECISIONS:
            frame = load_features(connection, decision, list(RANGES))
            assert len(frame) > 1000
            outside = ((frame.matrix < low) | (frame.matrix > high)).any(axis=0)
            assert [name for name, bad in zip(RANGES, outside, strict=True) if bad] == []
            rounded = frame.matrix[:, whole]
            assert (rounded == np.rint(rounded)).all()


def test_a_range_in_words():
    assert str(RANGES["hour"]) == "a whole number from 0 to 23"
    assert str(RANGES["days_since_last_order"]) == "a number from 0 to 365"
    assert str(RANGES["item_price"]) == "a number from 0 to 1,000,000"
