"""Code that a chapter shows is folded, is copied whole by a click, and is kept when its part is linked to."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect
from support.places import ROOT

from journey.report.codecells import source

pytestmark = pytest.mark.site


def test_code_is_copied_as_it_stands_in_the_package(browser: Browser, address: str):
    name = re.search(r'show_code\("([^"]+)"', (ROOT / "chapters" / "03-journeys.qmd").read_text("utf-8"))
    assert name is not None
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}chapters/03-journeys.html", wait_until="networkidle")
    folded = page.locator("details", has_text="Show the code")
    expect(folded.locator("code")).to_be_hidden()
    folded.locator("summary").press("Enter")
    expect(folded.locator("code")).to_be_visible()
    button = folded.get_by_role("button", name="Copy code")
    button.press("Enter")
    expect(folded.get_by_role("button", name="Copied code")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == source(name[1], ROOT)[2]
    expect(button).to_be_visible(timeout=5000)
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["03-journeys", "appendix/your-shop", "appendix/sql-library"])
def test_no_line_of_code_lies_under_the_button(browser: Browser, address: str, name: str, width: int):
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(f"{address}chapters/{name}.html", wait_until="load")
    page.wait_for_function("""() => !document.querySelector("div.sourceCode:not(:has(button))")""")
    gaps = page.evaluate(
        """() => [...document.querySelectorAll("div.sourceCode")].map((block) => {
            for (let up = block; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
            const button = block.querySelector("button").getBoundingClientRect();
            return block.querySelector("code").getBoundingClientRect().top - button.bottom;
        })"""
    )
    page.close()
    assert gaps
    assert [gap for gap in gaps if gap < 0] == []
