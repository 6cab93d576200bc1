"""The tools in a real browser, as visitors use them: by keyboard, by address, with bad input, no script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from support.places import ROOT
from support.viewing import DESKTOP, PHONE_WIDTH, TOO_WIDE, violations

from journey.findings.seeds.claims import CLAIMS, Shop
from journey.findings.tools.draws import FINDINGS

pytestmark = pytest.mark.site

TOOLS = ("planner", "roi", "whatif", "dashboard", "draws")
#: A tool -> a field, what to type or choose there, and what the address then says.
CHANGES = {
    "planner": ("lift", "3"),
    "roi": ("budget", "5000"),
    "whatif": ("carts_so_far", "2"),
    "dashboard": ("device", "mobile"),
    "draws": ("seed", "9"),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    yield page
    context.close()


def opened(page: Page, address: str, tool: str, query: str = "") -> Page:
    page.goto(f"{address}chapters/tools/{tool}.html{query}")
    page.wait_for_selector(".tool[data-ready]")
    return page


def answer(page: Page) -> str:
    return page.locator(".tool-head").inner_text()


def change(page: Page, tool: str) -> None:
    """Set the tool's field by keyboard, as far as the kind of field allows."""
    name, value = CHANGES[tool]
    field = page.locator(f"[name={name}]")
    field.focus()
    if field.evaluate("field => field.localName") == "select":
        page.keyboard.type(value)
    else:
        page.keyboard.press("Control+A")
        page.keyboard.type(value)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_script_gives_the_start_that_the_build_wrote(browser: Browser, page: Page, address: str, tool: str):
    plain = browser.new_context(viewport=DESKTOP, java_script_enabled=False)
    static = plain.new_page()
    static.goto(f"{address}chapters/tools/{tool}.html")
    expect(static.locator(".tool-note")).to_contain_text("need JavaScript")
    expect(static.locator(".tool-form")).to_have_count(0)
    values = static.locator(".tool-cards dd, .tool-result .interval").all_inner_texts()
    plain.close()
    assert len(values) >= 4
    opened(page, address, tool)
    expect(page.locator(".tool-note")).to_have_count(0)
    if tool != "whatif":  # its start is one of the four visits that the static result lists
        shown = page.locator(".tool").inner_text()
        missing = [value for value in values if value not in shown and f"+{value}" not in shown]
        assert not missing


@pytest.mark.parametrize("tool", TOOLS)
def test_a_change_by_keyboard_is_answered_and_kept_in_the_address(page: Page, address: str, tool: str):
    before = answer(opened(page, address, tool))
    change(page, tool)
    expect(page.locator(".tool-head")).not_to_have_text(before)
    name, value = CHANGES[tool]
    assert parse_qs(urlsplit(page.url).query) == {name: [value]}
    changed = answer(page)
    assert page.locator(".tool-spoken").text_content() == changed
    assert answer(opened(page, address, tool, f"?{name}={value}")) == changed
    page.get_by_role("button", name="Back to the start settings").press("Enter")
    expect(page.locator(".tool-head")).to_have_text(before)
    assert urlsplit(page.url).query == ""


@pytest.mark.parametrize(
    ("tool", "query", "field", "typed", "message"),
    [
        ("planner", "", "baseline", "120", "must lie between 0.01 and 99 %"),
        ("planner", "", "days", "2.5", "type a whole number"),
        ("planner", "", "visitors", "", "type a number"),
        ("planner", "", "lift", "0", "endless visitors"),
        ("planner", "?alternative=less", "lift", "1", "points up"),
        ("planner", "?kind=mean&deviation=1000000", "gain", "0.001", "No shop has that many visitors"),
        ("roi", "", "budget", "-1", "must lie between 0 and"),
        ("whatif", "", "hour", "30", "must lie between 0 and 23"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(page: Page, address: str, tool, query, field, typed, message):
    opened(page, address, tool, query)
    page.locator(f"[name={field}]").fill(typed)
    expect(page.locator(".tool-problem")).to_contain_text(message)
    assert page.locator(".tool-result").inner_text() == ""
    assert violations(page) == []


def test_an_address_with_nonsense_starts_as_without_it(page: Page, address: str):
    plain = answer(opened(page, address, "planner"))
    assert answer(opened(page, address, "planner", "?lift=%3Cb%3E&kind=none&looks=1e9&x=1")) == plain
    plain = answer(opened(page, address, "whatif"))
    assert answer(opened(page, address, "whatif", "?visit=constructor&hour=-4")) == plain


def test_a_dashboard_choice_without_sessions_or_in_the_wrong_order_is_explained(page: Page, address: str):
    opened(page, address, "dashboard")
    page.locator("[name=from]").select_option(index=5)
    page.locator("[name=to]").select_option(index=2)
    expect(page.locator(".tool-problem")).to_contain_text("lies after the last")
    page.locator("[name=to]").select_option(index=5)
    expect(page.locator(".tool-head")).to_contain_text("In the week of")
    expect(page.locator(".tool-result")).to_contain_text("No prediction was tested in these weeks")


def test_another_visit_fills_the_form(page: Page, address: str):
    before = answer(opened(page, address, "whatif"))
    page.locator("[name=visit]").select_option("3")
    expect(page.locator(".tool-head")).not_to_have_text(before)
    assert parse_qs(urlsplit(page.url).query) == {"visit": ["3"]}
    hot = answer(page)
    assert answer(opened(page, address, "whatif", "?visit=3")) == hot
    page.get_by_text("All other features").click()
    assert page.locator(".tool-more input, .tool-more select").count() > 50
    assert violations(page) == []


def test_every_draw_says_what_its_numbers_say(page: Page, address: str):
    """Independent of the page's file: the claims of the appendix, judged here on the committed shops."""
    committed = json.loads((ROOT / "data" / "evidence" / "other_seeds.json").read_text("utf-8"))["results"]
    claims = {claim.says: claim for claim in CLAIMS}
    opened(page, address, "draws")
    seeds = sorted(committed, key=int)
    for _ in seeds[1:]:
        seed = page.locator("[name=seed]").input_value()
        shop, stay = Shop(committed[seed]), 0
        for row in page.locator(".tool tbody tr").all():
            says, verdict = row.locator("th").inner_text(), row.locator("td").last.inner_text()
            stays = claims[says].holds(shop)
            held = sum(claims[says].holds(Shop(numbers)) for numbers in committed.values())
            assert verdict.split()[0] == ("stays" if stays else "falls"), (seed, says)
            assert f"{held} of {len(committed)} shops" in verdict
            stay += stays
        assert f"seed {seed}, {stay} of {len(FINDINGS)} findings stay" in answer(page)
        seeds.remove(seed)
        page.get_by_role("button", name="Draw another shop").press("Enter")
    assert seeds == ["7"]
    opened(page, address, "draws", "?seed=7")
    expect(page.locator(".tool-head")).to_contain_text("the shop of this report")
    expect(page.locator(".tool strong")).to_have_count(0)


def test_looks_and_amounts_can_be_planned(page: Page, address: str):
    opened(page, address, "planner", "?kind=mean&looks=4")
    assert page.locator("tbody tr").count() == 4
    expect(page.locator(".tool-result")).to_contain_text("Looking 4 times")
    expect(page.locator("[data-field=baseline]")).to_be_hidden()
    expect(page.locator("[data-field=spending]")).to_be_visible()


def test_a_file_that_cannot_be_loaded_leaves_the_static_result(page: Page, address: str):
    page.route("**/roi.json", lambda route: route.abort())
    page.goto(f"{address}chapters/tools/roi.html")
    expect(page.locator(".tool-note")).to_contain_text("could not be loaded")
    expect(page.locator(".tool-cards dd").first).to_be_visible()


@pytest.mark.parametrize("tool", TOOLS)
def test_results_fit_a_phone(page: Page, address: str, tool: str):
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 740})
    opened(page, address, tool, "?looks=8&spending=pocock" if tool == "planner" else "")
    found = page.evaluate(TOO_WIDE, PHONE_WIDTH)
    assert found["page"] <= PHONE_WIDTH, found
    assert found["elements"] == []
