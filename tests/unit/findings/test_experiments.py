"""What chapter 09 draws and what it holds against the truth."""

import numpy as np
import pandas as pd
import pytest

from journey.evaluation.treatment import true_session_rate
from journey.evaluation.uplift_truth import OrderWorth, true_revenue
from journey.findings.experiments.figures import coverage


def test_a_kept_a_broken_and_no_promise_look_different():
    rows = pd.DataFrame(
        [("kept", 0.95, True, True), ("broken", 0.9, True, False), ("warning", 0.8, False, False)],
        columns=["method", "value", "expected_to_hold", "met"],
    ).assign(measure="coverage", scenario="one")
    traces = coverage(rows).data
    assert [(*trace.y, trace.name) for trace in traces] == [
        ("kept", "promise kept"),
        ("warning", "no promise made"),
        ("broken", "promise broken"),
    ]
    assert len({(trace.marker.symbol, trace.marker.color) for trace in traces}) == 3
    assert len({trace.marker.symbol for trace in traces}) == 3


def test_true_revenue_is_what_the_added_orders_are_worth():
    worth = OrderWorth(np.array([0, 0, 1]), mean=np.array([50.0, 80.0]), error=np.array([1.0, 2.0]))
    found = true_revenue(worth, np.array([0.1, -0.1, 0.3]))
    assert found.value == pytest.approx(0.3 * 80 / 3)
    # Orders of the first kind cancel: only the error of the second counts.
    assert found.high - found.value == pytest.approx(1.96 * 0.1 * 2, rel=1e-3)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_a_true_session_rate_weighs_users_by_their_sessions():
    assert true_session_rate([0.1, 0.0], [1, 9]) == pytest.approx(0.01)
