"""Numbers laid out in rows, and estimates as columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.findings.desk import Desk, add_rows, flat
from journey.inference.estimate import Estimate
from journey.paths import Paths


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk("shop", Paths(tmp_path))


def test_what_a_row_has_of_its_own_stands_before_what_is_common(desk: Desk) -> None:
    rows = (
        ("plain", 0.25, "share", "A share"),
        ("own", 0.25, "share", "Another", {"digits": 2, "source": "m:own", "n": None}),
    )
    add_rows(desk, rows, digits=0, n=7, source="m:common")
    own, plain = desk.ledger
    assert (plain.id, plain.text, plain.n, plain.source) == ("shop.plain", "25%", 7, "m:common")
    assert (own.id, own.text, own.n, own.source) == ("shop.own", "25.00%", None, "m:own")
    with pytest.raises(JourneyError, match="registered twice"):
        add_rows(desk, rows[:1], source="m:common")


def test_an_estimate_becomes_three_columns_in_order() -> None:
    columns = flat({"a": Estimate(2.0, 1.0, 4.0), "b": Estimate(0.5, 0.25, 0.75)})
    assert list(columns.items()) == [
        ("a", 2.0),
        ("a_low", 1.0),
        ("a_high", 4.0),
        ("b", 0.5),
        ("b_low", 0.25),
        ("b_high", 0.75),
    ]
