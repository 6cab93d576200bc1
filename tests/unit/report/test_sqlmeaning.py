"""Sentences filled from results."""

from __future__ import annotations

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.report.sqlmeaning import fill

FRAME = pd.DataFrame(
    {
        "device": ["desktop", "mobile", "tablet"],
        "channel": ["email", "email", "no channel"],
        "sessions": [200, 700, 100],
        "buys": [20, 35, 2],
        "rate": [0.1, 0.05, None],
        "day": pd.to_datetime(["2025-01-06", "2025-02-03", "2025-03-31"]),
    }
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ rows }} rows", "3 rows"),
        ("{{ first.device }}, {{ last.device }}", "desktop, tablet"),
        ("{{ sum.sessions }} and {{ mean.sessions | ratio(1) }}", "1,000 and 333.3"),
        ("{{ max.rate | share }} {{ min.rate | share(2) }}", "10.0% 5.00%"),
        ("{{ distinct.channel }}", "2"),
        ("{{ ratio.buys.sessions | share(2) }}", "5.70%"),
        ("{{ argmax.rate.device }} {{ argmin.rate.day }}", "desktop 3 February 2025"),
        ("{{ days }} days", "21 days"),
        ("{{ where(device='mobile').rate | share }}", "5.0%"),
        ("{{ where(channel='no channel').sessions }}", "100"),
        ("{{ where(channel='email').ratio.buys.sessions | share(2) }}", "6.11%"),
        ("{{ where(channel='email', device='mobile').sum.buys }}", "35"),
        ("{{ at_least(sessions=200).argmin.sessions.device }}", "desktop"),
        ("{{ where(device='watch').rate | share }}", "none"),
        ("{{ last.rate | share }}", "none"),
    ],
)
def test_selectors(template: str, text: str) -> None:
    assert fill(template, FRAME, {"days": 21}) == text


def test_an_empty_result_reads_none() -> None:
    template = "{{ rows }}, {{ sum.buys }}, {{ max.rate | share }}, {{ argmax.rate.device }}"
    assert fill(template, FRAME.head(0), {}) == "0, none, none, none"


def test_text_from_data_stays_as_it_is() -> None:
    odd = pd.DataFrame({"device": ["<b>{{ rows }}</b> & co."]})
    assert fill("{{ first.device }}", odd, {}) == "<b>{{ rows }}</b> & co."


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ max.price | eur }}", "no column 'price'"),
        ("{{ median.rate | share }}", "'median' is undefined"),
        ("{{ argmax.rate }}", "name of a column is missing"),
        ("{{ z }}", "'z' is undefined"),
        ("{{ where(price=3).rows }}", "no column 'price'"),
        ("{{ where(device='mobile').price | eur }}", "no column 'price'"),
        ("{{ at_least(device=3).rate | share }}", "column 'device' is not a number"),
        ("{{ first.rate }}", "not a whole number"),
        ("{{ first.rate | furlong }}", "No filter named 'furlong'; the units are count, ratio"),
        ("{{ rows", "^text: its sentence cannot be filled: .*$"),
        ("{{ first._frame.to_csv('result.csv') }}", "'_frame' of 'Asked' object is unsafe"),
        ("{{ where.__globals__ }}", "'__globals__' of 'function' object is unsafe"),
    ],
)
def test_a_wrong_template_is_an_error(template: str, message: str) -> None:
    with pytest.raises(JourneyError, match=message):
        fill(template, FRAME, {})
