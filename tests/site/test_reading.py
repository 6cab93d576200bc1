"""How pages read: the decision on the first screen, no table cut off, no chapter on customers too long."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.site

#: The first screen of a laptop, a phone, and what A4 leaves between its margins at 96 pixels an inch.
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PAPER = {"width": 665, "height": 1000}
CUT = """() => [...document.querySelectorAll('.table-scroll')]
  .filter((box) => !box.closest('details:not([open])') && box.scrollWidth > box.clientWidth + 1)
  .map((box) => `${box.closest('[id]')?.id}: ${box.scrollWidth} > ${box.clientWidth}`)"""
TAKEN_OVER = "() => [...document.querySelectorAll('.tool')].every((tool) => tool.dataset.ready !== undefined)"
#: Words of prose that show before anything is opened: no notes, tables, figures or captions.
WORDS = """() => [...document.querySelectorAll('main.content :is(p, li)')]
  .filter((one) => !one.closest('.callout, details, .journey-figure, table, nav, figcaption, .truth-key')
    && !one.querySelector('p'))
  .reduce((sum, one) => sum + one.innerText.trim().split(/\\s+/).length, 0)"""
DECISION = """() => Math.max(0, ...[...document.querySelectorAll('.answer-box p')]
  .map((one) => one.getBoundingClientRect().bottom))"""
#: No longer than chapter 02.
SHORT = ("04-segments", "08-customer-value")


@pytest.fixture
def page(browser: Browser):
    context = browser.new_context(viewport=LAPTOP)
    yield context.new_page()
    context.close()


def visit(page: Page, url: str) -> None:
    """Open a page; a tool on it has taken over before anything is measured."""
    page.goto(url, wait_until="load")
    page.wait_for_function(TAKEN_OVER)


def words(page: Page, url: str) -> int:
    """Words of prose of a page as it opens."""
    visit(page, url)
    return int(page.evaluate(WORDS))


@pytest.mark.parametrize(("size", "media"), [(LAPTOP, "screen"), (PHONE, "screen"), (PAPER, "print")])
def test_no_table_is_cut(page: Page, address: str, page_name: str, size: dict[str, int], media: str):
    page.set_viewport_size(size)
    visit(page, address + page_name)
    page.emulate_media(media=media)
    # Data behind a figure is opened on purpose, and scrolls.
    assert page.evaluate(CUT) == []


def test_the_decision_is_on_the_first_screen(page: Page, address: str, page_name: str):
    visit(page, address + page_name)
    assert page.evaluate(DECISION) <= LAPTOP["height"]


def test_chapters_on_customers_are_no_longer_than_chapter_02(page: Page, address: str):
    most = words(page, f"{address}chapters/02-metrics-and-funnel.html")
    found = {name: words(page, f"{address}chapters/{name}.html") for name in SHORT}
    assert {name: count for name, count in found.items() if count > most} == {}
