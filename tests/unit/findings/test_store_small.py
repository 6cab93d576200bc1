"""Logs that are too small, too short or too bare: every part says so and none fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.foreign_logs import GOOD, MAP, brought, written
from support.foreign_reports import found

PURCHASES = MAP.split("[events]")[0].replace('event = "event"\n', "") + '[events]\nalways = "purchase"\n'
BARE = """
[columns]
time = "time"
user = "user"
event = "event"
item = "item"
[events]
view = ["view"]
purchase = ["buy"]
ignore = ["cart"]
"""


def days(rows: int, kinds: tuple[str, ...], *, users: int = 40, span: int = 40) -> str:
    """Random events of a few users over some days."""
    rng = np.random.default_rng(rows)
    moment = np.datetime64("2025-01-01T00:00:00") + rng.integers(span * 86400, size=rows).astype(
        "timedelta64[s]"
    )
    lines = zip(
        np.sort(moment),
        rng.integers(users, size=rows),
        rng.choice(kinds, rows),
        rng.integers(60, size=rows),
        strict=True,
    )
    return "".join(f"{at},u{user},{kind},i{item},,1,{5 + item}\n" for at, user, kind, item in lines)


CASES: dict[str, tuple[Callable[[], str], str]] = {
    "six rows": (lambda: GOOD, MAP),
    "one row": (lambda: "2025-03-01 10:00:00,anna,view,shoe,,1,40\n", MAP),
    "one purchase": (lambda: "2025-03-01 10:00:00,anna,buy,shoe,,1,40\n", MAP),
    "one user, many rows": (lambda: days(3000, ("view", "cart", "buy"), users=1), MAP),
    "no purchase": (lambda: days(3000, ("view", "cart")), MAP),
    "no cart, no price": (lambda: days(3000, ("view", "view", "view", "buy")), BARE),
    "only purchases": (lambda: days(2000, ("buy",), users=300), PURCHASES),
    "days without times": (lambda: days(2000, ("view", "buy")).replace("T", " "), MAP),
    "three days": (lambda: days(4000, ("view", "view", "cart", "buy"), users=400, span=3), MAP),
}


@pytest.mark.parametrize(("make", "text"), CASES.values(), ids=CASES)
def test_no_part_fails_and_each_says_what_is_missing(
    tmp_path: Path, make: Callable[[], str], text: str
) -> None:
    report = brought(tmp_path, written(tmp_path, make()), text)
    numbers, reasons = found(tmp_path)
    assert numbers["data.rows"].value == report["rows"]
    assert all(number.dataset == "mine" for number in numbers)
    for said in (sentence for part in reasons.values() for sentence in part.values()):
        assert said.endswith(".")
        assert "\n" not in said
        assert "store simulated" not in said


def test_without_prices_and_carts_no_number_of_them_is_there(tmp_path: Path) -> None:
    brought(tmp_path, written(tmp_path, days(3000, ("view", "view", "view", "buy"), users=300)), BARE)
    numbers, reasons = found(tmp_path)
    ids = {number.id for number in numbers}
    assert not ids & {"funnel.revenue", "funnel.average_order_value", "funnel.cart_rate", "value.top_tenth"}
    assert "funnel.conversion_rate" in ids
    assert "record the price paid" in reasons["funnel"]["money"]
    assert "record the price paid" in reasons["value"]["rfm"]


def test_a_log_of_purchases_has_no_conversion(tmp_path: Path) -> None:
    brought(tmp_path, written(tmp_path, days(2000, ("buy",), users=300)), PURCHASES)
    numbers, reasons = found(tmp_path)
    assert "funnel.conversion_rate" not in {number.id for number in numbers}
    assert "record views" in reasons["funnel"]["steps"]
    assert "funnel.average_order_value" in {number.id for number in numbers}


def test_numbers_needed_are_named(tmp_path: Path) -> None:
    brought(tmp_path, written(tmp_path))
    _, reasons = found(tmp_path)
    assert reasons["prediction"]["scores"] == (
        "Prediction needs 10 days, to be judged on later ones; the log has 2."
    )
    assert "Segments need 150 visitors with 3 visits or more" in reasons["segments"]["segments"]
    assert reasons["value"]["rfm"] == "This needs 100 customers with an order; the log has 1."
