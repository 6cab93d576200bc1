"""Numbers on the pages: each prints what the ledger says, and shows where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
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


def test_the_ledger_can_be_filtered(browser: Browser, address: str):
    page = browser.new_page()
    page.goto(f"{address}chapters/appendix/numbers.html", wait_until="networkidle")
    page.get_by_role("searchbox", name="Filter the numbers").fill("true_coupon")
    expect(page.get_by_role("status")).to_contain_text("1 of ")
    rows = page.locator("#quarto-document-content tr[id]:visible")
    assert [rows.nth(place).get_attribute("id") for place in range(rows.count())] == ["causal.truth"]
    page.close()
