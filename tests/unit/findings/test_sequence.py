"""What chapter 06 says of the sequence of events: one row a size, target and model, and who is ahead."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from journey.findings.sparse.sequence import add_counts, add_point, sequence_points
from journey.report.ledger import Ledger


def row(model, value, over, **key):
    """A row of the study with a width of 0.02 around everything."""
    found = {**key, "model": model}
    names = {"decision": ("roc_auc", "pr_auc"), "part": ("lift", "precision")}[
        "part" if "part" in key else "decision"
    ]
    for name, number in zip(names, (value, value / 2), strict=True):
        for measure, each in ((name, number), (f"{name}_over", over), (f"{name}_share", value / 2)):
            found |= {measure: each, f"{measure}_low": each - 0.01, f"{measure}_high": each + 0.01}
    return found


@pytest.fixture
def results():
    return {
        "decisions": [
            row(model, value, over, users=users, decision="session_start")
            for users, over in ((1_000, -0.1), (3_000, 0.0), (10_000, 0.05))
            for model, value in (("features", 0.8), ("sequence", 0.8 + over))
        ],
        "items": [row("sequence", 50.0, -3.0, users=1_000, part="all")],
    }


def test_points_have_one_row_a_size_target_and_model(results):
    points = sequence_points(results)
    assert len(points) == 7
    assert set(points["target"]) == {"session_start", "item"}
    first = points.iloc[1]
    assert (first["value"], first["precision"], first["over"]) == (
        pytest.approx(0.7),
        pytest.approx(0.35),
        -0.1,
    )
    assert points.iloc[6]["value"] == 50.0


def test_ahead_and_behind_are_counted_where_an_interval_is_clear(results):
    desk = SimpleNamespace(ledger=Ledger())
    add_counts(desk, sequence_points(results))
    found = {number.id.removeprefix("sparse.sequence_"): number for number in desk.ledger}
    assert [found[key].value for key in ("compared", "ahead", "behind")] == [4, 1, 2]
    assert found["from"].text == "from 10,000 users on"
    assert found["largest_users"].value == 10_000


def test_where_nothing_is_ahead_no_size_is_named(results):
    points = sequence_points(results)
    desk = SimpleNamespace(ledger=Ledger())
    add_counts(desk, points[points["users"].lt(10_000)])
    texts = {number.id: number.text for number in desk.ledger}
    assert texts["sparse.sequence_from"] == "in no shop that was tried"


def test_a_point_is_registered_with_words(results):
    points = sequence_points(results).assign(
        test_sessions=100, test_positives=9, name="sequence of events", target_name="at session start"
    )
    desk = SimpleNamespace(ledger=Ledger())
    add_point(desk, points.iloc[1].to_dict(), "smallest", "over")
    labels = {number.id: (number.label, number.n) for number in desk.ledger}
    assert labels["sparse.sequence_smallest_session_start_sequence_over"] == (
        "ROC-AUC over features: sequence, at session start, 1,000 users",
        100,
    )
