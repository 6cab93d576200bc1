"""Numbers on the pages: each prints what the ledger says, and shows where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support.reading import read

pytestmark = pytest.mark.site

CHAPTER = "chapters/10-causal.html"
INVISIBLE = str.maketrans({"\u2060": None, "\u00a0": " ", "\u202f": " "})


@pytest.fixture(scope="module")
def ledger(site: Path) -> dict[str, dict[str, Any]]:
    entries = json.loads((site / "numbers.json").read_text(encoding="utf-8"))["numbers"]
    return {entry["id"]: entry for entry in entries}


def texts(entry: dict[str, Any]) -> set[str]:
    """What a page may print of a number: value, interval, p value, sample size."""
    value = entry["text"]
    shown = {value, entry["interval"], f"p = {value}", f"p {value}"}
    if entry["n"] is not None:
        shown.add(f"{entry['n']:,}")
    return {text.translate(INVISIBLE) for text in shown if text}


def test_no_page_shows_code_that_should_have_run(site: Path, page_name: str):
    assert "{python}" not in (site / page_name).read_text(encoding="utf-8")


def test_numbers_of_a_page_are_the_ledgers(site: Path, page_name: str, ledger: dict[str, dict[str, Any]]):
    wrong = []
    for element in read(site / page_name).classed("traced"):
        entry = ledger.get(element.attributes["data-number"])
        shown = " ".join(element.text.translate(INVISIBLE).split())
        if entry is None or shown not in texts(entry):
            wrong.append((element.attributes["data-number"], shown))
    assert wrong == []


def test_chapters_have_numbers_to_ask_for(site: Path):
    for page in [site / "index.html", *(site / "chapters").glob("*.html")]:
        assert len(read(page).classed("traced")) >= 5, page.name


def test_a_click_shows_the_source_and_escape_closes_it(
    browser: Browser, address: str, ledger: dict[str, dict[str, Any]]
):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + CHAPTER, wait_until="networkidle")
    assert not [url for url in asked if url.endswith("numbers.json")], "the ledger is fetched on demand only"
    entry = ledger["causal.naive"]
    page.locator("[data-number='causal.naive']").first.click()
    card = page.get_by_role("dialog", name="Where this number comes from")
    expect(card).to_contain_text(entry["text"])
    expect(card).to_contain_text(entry["source"])
    expect(card).to_contain_text(f"{entry['n']:,}")
    address_of_query = card.get_by_role("link", name=entry["query"]).get_attribute("href") or ""
    assert address_of_query.endswith("appendix/sql-library.html#sql-coupon-sessions")
    box = card.bounding_box()
    assert box
    assert min(box["x"], box["y"]) >= 0
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.locator("[data-number='causal.truth']").first.click()
    card.get_by_role("link", name="causal.truth in the ledger").click()
    row = page.locator("tr:target")
    expect(row).to_contain_text(ledger["causal.truth"]["text"])
    expect(row).to_be_in_viewport()
    page.close()


def card_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Where this number comes from")


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_number_can_be_asked_for_by_keyboard(browser: Browser, address: str, key: str):
    page = browser.new_page()
    page.goto(address + CHAPTER, wait_until="networkidle")
    number = page.locator("main p .traced").first
    expect(number).to_have_attribute("role", "button")
    assert "dotted" in number.evaluate("(one) => getComputedStyle(one).textDecorationStyle")
    number.focus()
    page.keyboard.press(key)
    expect(card_of(page)).to_be_visible()
    expect(card_of(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(card_of(page)).to_be_hidden()
    expect(number).to_be_focused()
    page.close()


def test_a_number_can_be_asked_for_by_touch(browser: Browser, address: str):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address + CHAPTER, wait_until="networkidle")
    page.locator("main p .traced").first.tap()
    expect(card_of(page)).to_be_visible()
    box = card_of(page).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    context.close()


def test_a_cell_of_a_result_table_names_the_function_that_saves_it(browser: Browser, address: str):
    page = browser.new_page()
    places = {
        "code": "https://host.test/a/b/blob/HEAD/",
        "functions": {"journey.x:f": "src/journey/x.py#L7"},
        "tables": {"prediction/values": "journey.x:f"},
    }
    page.route("**/sources.json", lambda route: route.fulfill(json=places))
    page.goto(f"{address}chapters/05-purchase-prediction.html", wait_until="networkidle")
    table = page.locator("table[data-result='prediction/values']").first
    cells = table.locator("tbody td .traced[role=button]")
    assert cells.count() > 10
    assert table.locator(".traced[tabindex='0']").count() == 1
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    page.keyboard.press("Enter")
    expect(card_of(page)).to_contain_text("data/results/prediction/values.parquet")
    expect(card_of(page)).to_contain_text("third event: Helped")
    link = card_of(page).get_by_role("link", name="journey.x:f")
    expect(link).to_have_attribute("href", "https://host.test/a/b/blob/HEAD/src/journey/x.py#L7")
    page.close()


def test_the_function_of_a_number_leads_to_its_line(
    browser: Browser, address: str, site: Path, ledger: dict[str, dict[str, Any]]
):
    written = json.loads((site / "sources.json").read_text(encoding="utf-8"))
    source = ledger["causal.truth"]["source"]
    assert source in written["functions"]
    page = browser.new_page()
    known = written | {"code": "https://host.test/a/b/blob/HEAD/"}
    page.route("**/sources.json", lambda route: route.fulfill(json=known))
    page.goto(address + CHAPTER, wait_until="networkidle")
    page.locator("[data-number='causal.truth']").first.click()
    link = card_of(page).get_by_role("link", name=source)
    expect(link).to_have_attribute("href", f"https://host.test/a/b/blob/HEAD/{written['functions'][source]}")
    page.close()


def test_the_ledger_can_be_filtered(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(f"{address}chapters/appendix/numbers.html", wait_until="networkidle")
    page.get_by_role("searchbox", name="Filter the numbers").fill("true_coupon")
    expect(page.get_by_role("status")).to_contain_text("1 of ")
    rows = page.locator("#quarto-document-content tr[id]:visible")
    assert [rows.nth(place).get_attribute("id") for place in range(rows.count())] == ["causal.truth"]
    page.close()
