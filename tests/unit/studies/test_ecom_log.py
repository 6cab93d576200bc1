"""The log that is not ours: what is decided of its proposal, and the count beside the warehouse."""

import importlib.util

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.studies import ecom_log

PROPOSED = """# A first map
[columns]
# 9 of 9 rows filled
time = "timestamp"
# ? not found: which item. Columns: "a", "b"
# item = ""

[events]
view = ["product_view"]
purchase = ["purchase"]
# ? not recognised, so left out: do they belong above?
ignore = ["home", "shipping_details", "cart"]
"""


def test_the_checkout_is_moved_and_nothing_else():
    assert ecom_log.decided(PROPOSED) == [
        "[columns]",
        'time = "timestamp"',
        "[events]",
        'view = ["product_view"]',
        'checkout = ["shipping_details"]',
        'purchase = ["purchase"]',
        'ignore = ["home", "cart"]',
    ]


def test_a_visit_ends_after_more_than_half_an_hour():
    times = ["10:00:00", "10:30:00", "11:00:01", "11:00:01", "10:00:00", "10:01:00"]
    log = pd.DataFrame(
        {
            "user_id": ["a", "a", "a", "a", "b", "b"],
            "event": ["product_view", "add_to_cart", "purchase", "purchase", "home", "search"],
            "timestamp": [f"2024-01-01 {time}" for time in times],
        }
    )
    # a: 10:00 and 10:30 are one visit, 11:00:01 another that buys once; b: the home page does not count.
    assert ecom_log.recount(log) == {"Visitors": 2, "Visits": 3, "Visits that buy": 1, "Orders": 1}


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JourneyError, match="install the extra `ecom`"):
        ecom_log.ecom_file()
