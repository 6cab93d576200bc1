"""How long a change of a rate takes to show."""

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.experiments.duration import wait_for_change


def test_the_wait_for_a_change_by_hand():
    # z(0.975) = 1.959964 and z(0.8) = 0.841621, printed in every table.
    found = wait_for_change(0.1, 200.0)
    events = ((1.959964 + 0.841621) / np.log(1.1)) ** 2
    assert found.events == pytest.approx(events, rel=1e-5)
    assert found.periods == pytest.approx(events / 200, rel=1e-5)
    # A rate that falls to 1 / 1.1 is as far away.
    assert wait_for_change(1 / 1.1 - 1, 200.0).events == pytest.approx(found.events)


def test_after_the_wait_the_change_is_seen_in_four_of_five_cases():
    expected = wait_for_change(0.05, 1.0).events / 1.05
    seen = np.random.default_rng(4).poisson(expected * 1.05, 20_000)
    off = np.abs(np.log(seen / expected)) * np.sqrt(seen) > 1.959964
    assert off.mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("change", "weekly", "message"), [(0.0, 5, "not 0"), (-1.0, 5, "above -1"), (0.1, 0, "no event")]
)
def test_what_never_shows_is_refused(change, weekly, message):
    with pytest.raises(JourneyError, match=message):
        wait_for_change(change, weekly)
