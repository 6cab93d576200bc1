"""The first page: what a reader sees at once, and how much of it there is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from journey.studies.pages_measured import NUMBER, WORD

pytestmark = pytest.mark.site

MOST_WORDS, MOST_NUMBERS = 500, 30
SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}
ABOVE_THE_FOLD = ("h1", ".first-answer", "#plot-summary-coupon svg", ".key-figures", ".buttons")


@pytest.mark.parametrize("screen", SCREENS)
def test_question_answer_chart_wins_and_ways_on_are_above_the_fold(
    browser: Browser, address: str, screen: str
):
    width, height = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address, wait_until="load")
    bottoms = {}
    for selector in ABOVE_THE_FOLD:
        box = page.locator(selector).first.bounding_box()
        assert box is not None, selector
        assert box["height"] > 0, selector
        bottoms[selector] = box["y"] + box["height"]
    page.close()
    assert {name: bottom for name, bottom in bottoms.items() if bottom > height} == {}


def test_the_first_chart_needs_no_script(browser: Browser, address: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    texts = page.locator("#plot-summary-coupon svg text").all_text_contents()
    # Each of the three bars has its name and its value, in one text.
    assert len([text for text in texts if re.fullmatch(r"\w.{15,}\+\d+", text)]) == 3, texts
    assert page.locator("#plot-summary-coupon [role=img]").get_attribute("aria-label")
    context.close()


def test_words_and_numbers_are_few(browser: Browser, address: str):
    """What is read: folded tables and labels inside charts are not counted; the labels have a limit too."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address, wait_until="load")
    labels = page.locator("main svg text").all_text_contents()
    page.locator("main").evaluate("main => main.querySelectorAll('svg').forEach(chart => chart.remove())")
    prose = page.locator("main").inner_text()
    page.close()
    words, numbers = WORD.findall(prose), NUMBER.findall(prose)
    assert 200 < len(words) <= MOST_WORDS, len(words)
    assert 10 < len(numbers) <= MOST_NUMBERS, (len(numbers), numbers)
    assert len(NUMBER.findall("\n".join(labels))) <= MOST_NUMBERS / 2
