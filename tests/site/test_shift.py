"""Nothing moves after it was drawn: not when fonts come, a tool takes over, or a figure is drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from journey.studies.pages_measured import SIZES, opened, seen_shift

pytestmark = pytest.mark.site


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves(browser: Browser, address: str, page_name: str, size: str):
    with opened(browser, size, "light") as page:
        page.goto(address + page_name, wait_until="networkidle")
        assert seen_shift(page) == 0
