"""Nothing moves after it was drawn: not when fonts come, a tool takes over, or a figure is drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from journey.studies.pages_measured import SIZES, opened, seen_shift

pytestmark = pytest.mark.site


#: A hundredth of what is called good; less is no line of text moved.
LEAST = 0.001


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves(browser: Browser, address: str, page_name: str, size: str):
    with opened(browser, size, "light") as page:
        page.goto(address + page_name, wait_until="networkidle")
        assert seen_shift(page) < LEAST
