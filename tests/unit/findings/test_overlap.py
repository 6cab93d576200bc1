"""Where treated units outnumber the others, and which have none beside them."""

import numpy as np
import pytest

from journey.findings.causal.collect import scarce


@pytest.mark.parametrize(
    ("treated", "control", "start", "alone"),
    [
        ([0, 2, 5, 4, 1, 0], [0, 9, 5, 3, 0, 0], 3, 1),
        # Empty bins do not move the border, and a bin won back does.
        ([0, 0, 3, 1, 2], [0, 0, 1, 2, 1], 4, 0),
        ([1, 2], [0, 0], 0, 3),
        ([1, 1], [2, 2], 2, 0),
    ],
)
def test_border_and_the_lonely(treated, control, start, alone):
    assert scarce(np.array(treated), np.array(control)) == (start, alone)
