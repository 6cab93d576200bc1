"""Search finds words of the report; a page prints with its figures; it reads without JavaScript."""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

pytestmark = pytest.mark.site

WORD = "funnel"


def test_search_finds_a_word(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(address, wait_until="networkidle")
    page.locator("#quarto-search button").first.click()
    box = page.locator(".aa-Input, #quarto-search input, dialog input[type='search']").first
    box.wait_for(state="visible", timeout=10_000)
    box.type(WORD, delay=20)
    results = page.locator(".aa-Item a, .search-result a, .quarto-search-results a, dialog a[href]")
    results.first.wait_for(state="visible", timeout=10_000)
    addresses = [results.nth(place).get_attribute("href") or "" for place in range(results.count())]
    page.close()
    assert any("funnel" in one for one in addresses), addresses


def test_search_for_experiments_leads_to_their_chapter_first(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(address, wait_until="load")
    ask = """async word => {
      const pagefind = await import(new URL("pagefind/pagefind.js", document.baseURI).href);
      const found = (await pagefind.search(word)).results;
      return (await found[0].data()).url;
    }"""
    if page.evaluate("fetch('pagefind/pagefind.js').then(answer => !answer.ok)"):
        pytest.skip("the site was not rendered by press: Quarto has a search of its own")
    first = {word: page.evaluate(ask, word) for word in ("A/B", "A/B test")}
    page.close()
    assert all(url.endswith("09-experiments.html") for url in first.values()), first


def test_search_says_when_nothing_is_found(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(address, wait_until="networkidle")
    page.locator("#quarto-search button").first.click()
    box = page.locator(".aa-Input, #quarto-search input, dialog input[type='search']").first
    box.wait_for(state="visible", timeout=10_000)
    # The search falls back to beginnings of a word, and some page has a word for every Latin letter.
    box.type("жщюжщю", delay=20)
    answer = page.get_by_text(re.compile("nothing found|no results", re.IGNORECASE)).first
    answer.wait_for(state="visible", timeout=10_000)
    page.close()


def test_figures_are_printed(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(f"{address}chapters/02-metrics-and-funnel.html", wait_until="networkidle")
    expected = page.locator(".journey-figure").count()
    assert expected > 0
    # What is being explored is printed as a picture too.
    page.get_by_role("button", name="Explore").first.click()
    page.locator(".main-svg").first.wait_for()
    paper = PdfReader(io.BytesIO(page.pdf(format="A4")))
    page.emulate_media(media="print")
    assert page.locator(".figure-plot > svg.wide:visible").count() == expected
    assert page.locator(".main-svg:visible, .figure-explore:visible").count() == 0
    page.close()
    assert len(paper.pages) >= 2
    words = " ".join(part.extract_text() for part in paper.pages)
    assert "Share that goes on" in words


def test_figures_and_data_can_be_read_without_javascript(browser: Browser, address: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}chapters/02-metrics-and-funnel.html")
    assert page.locator(".figure-plot > svg:visible").count() == page.locator(".journey-figure").count()
    assert page.locator(".figure-explore:visible").count() == 0
    figure = page.locator(".journey-figure").first
    figure.locator("summary").click()
    assert figure.locator("td").first.is_visible()
    context.close()


def test_a_figure_that_cannot_be_explored_says_so_and_stays(browser: Browser, address: str):
    page = browser.new_page()
    page.route("**/plotly.min.js", lambda route: route.abort())
    page.goto(f"{address}chapters/02-metrics-and-funnel.html")
    figure = page.locator(".journey-figure").first
    figure.get_by_role("button", name="Explore").press("Enter")
    figure.get_by_text("could not be loaded").wait_for(state="visible", timeout=10_000)
    assert figure.locator(".figure-plot > svg.wide").is_visible()
    page.close()


def test_figures_are_printed_in_the_colours_of_paper_from_a_dark_page_too(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(f"{address}chapters/03-journeys.html", wait_until="networkidle")
    colours = """() => [...document.querySelectorAll('.figure-plot > svg.wide *')]
      .map((shape) => getComputedStyle(shape)).map((style) => `${style.fill} ${style.stroke}`).join()"""
    page.emulate_media(media="print")
    light = page.evaluate(colours)
    page.evaluate("document.body.classList.replace('quarto-light', 'quarto-dark')")
    assert page.locator("body.quarto-dark").count() == 1
    assert page.evaluate(colours) == light
    page.close()
