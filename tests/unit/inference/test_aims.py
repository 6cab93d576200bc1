"""An interval that holds the aim settles nothing."""

from __future__ import annotations

import pytest

from journey.errors import JourneyError
from journey.inference.aims import verdict


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        # A ROC-AUC of .935 was called a miss of .937, though its interval holds .937.
        (0.929, 0.939, "not settled"),
        (0.937, 0.95, "met"),
        (0.92, 0.936, "missed"),
        (0.92, 0.937, "not settled"),
    ],
)
def test_what_an_interval_says_of_an_aim(low, high, expected):
    assert verdict(low, high, 0.937) == expected


@pytest.mark.parametrize("bounds", [(1.0, 0.0), (float("nan"), 1.0)])
def test_bounds_the_wrong_way_round_are_refused(bounds):
    with pytest.raises(JourneyError, match="from low to high"):
        verdict(*bounds, 0.5)
