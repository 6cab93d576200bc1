"""Theme and script on the markup and under the style rules of real Quarto, set down by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from support.places import FIXTURES, ROOT
from support.reading import read, repeated_ids
from support.viewing import DESKTOP, PHONE_WIDTH, TOO_WIDE, violations

from journey.postrender import protected

pytestmark = pytest.mark.site

HOST = "http://quarto.test"
CURRENT = "nav.navbar .nav-link[aria-current=page]"
LOOK = """([selector, name, pseudo]) =>
  getComputedStyle(document.querySelector(selector), pseudo).getPropertyValue(name)"""


def answer(route: Route) -> None:
    """Serve the fixture's own files and the project's assets; the page ends as every page of the site."""
    name = route.request.url.removeprefix(f"{HOST}/").partition("?")[0]
    if name == "quarto.html":
        text = (FIXTURES / "site" / name).read_text(encoding="utf-8")
        scripts = (ROOT / "assets/scripts.html").read_text(encoding="utf-8")
        page = protected(text.replace("<!-- include-after-body -->", scripts))
        route.fulfill(body=page, content_type="text/html")
    else:
        file = ROOT / name if name.startswith("assets/") else FIXTURES / "site" / name
        route.fulfill(path=file) if file.is_file() else route.abort()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    context.route("**/*", answer)
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.goto(f"{HOST}/quarto.html", wait_until="networkidle")
    page.wait_for_selector(".skip-link", state="attached")
    yield page
    context.close()
    assert [text for text in broken if "Content Security Policy" in text] == []


def look(page: Page, selector: str, name: str, pseudo: str | None = None) -> str:
    return page.evaluate(LOOK, [selector, name, pseudo])


def pixels(page: Page, selector: str, name: str, pseudo: str | None = None) -> float:
    return float(look(page, selector, name, pseudo).removesuffix("px"))


@pytest.mark.parametrize("width", [DESKTOP["width"], PHONE_WIDTH])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_accessibility_violation(page: Page, mode: str, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(f"document.body.classList.replace('quarto-light', 'quarto-{mode}')")
    assert violations(page) == []


def test_landmarks_have_names(page: Page):
    for name in ("Site", "Pages", "Previous and next page"):
        expect(page.get_by_role("navigation", name=name, exact=True)).to_have_count(1)
    expect(page.get_by_role("complementary", name="Beside the text")).to_have_count(1)
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 800})
    expect(page.get_by_role("navigation", name="Section", exact=True)).to_have_count(1)


def test_the_first_stop_of_the_keyboard_skips_the_menus(page: Page):
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    expect(link).to_be_focused()
    box = link.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 24
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("key", ["Enter", " "])
def test_what_folds_is_a_button_of_the_keyboard(page: Page, key: str):
    header = page.get_by_role("button", name="Method")
    body = page.locator("#callout-1")
    expect(body).to_be_hidden()
    header.focus()
    expect(header).to_be_focused()
    page.keyboard.press(key)
    expect(body).to_be_visible()
    expect(header).to_have_attribute("aria-expanded", "true")
    for toggle in ("Understand", "Toggle section"):
        button = page.get_by_role("button", name=toggle).first
        section = page.locator("#quarto-sidebar-section-1")
        shown = section.is_visible()
        button.press("Enter" if key == "Enter" else "Space")
        assert section.is_visible() is not shown


def test_quartos_own_handlers_run_under_the_policy(page: Page):
    page.locator(".quarto-color-scheme-toggle").click()
    assert "quarto-dark" in (page.locator("body").get_attribute("class") or "")
    page.locator(".quarto-btn-toggle").evaluate("(button) => button.click()")
    assert page.evaluate("window.headroomToggled") is True


def test_only_a_link_to_this_page_is_current(page: Page):
    expect(page.locator(CURRENT)).to_have_text(["This page"])
    expect(page.locator("nav.navbar .nav-link.active")).to_have_count(1)


def test_callouts_keep_contrast_and_size(page: Page):
    assert look(page, ".callout-header", "opacity") == "1"
    assert pixels(page, ".callout-body p", "font-size") == 16


def test_the_footer_keeps_its_size(page: Page):
    assert pixels(page, ".nav-footer p", "font-size") == pytest.approx(0.84 * 16)


def test_the_sidebar_keeps_its_lines_and_gaps(page: Page):
    size = pixels(page, ".sidebar-section .sidebar-link", "font-size")
    assert size == pytest.approx(0.92 * 16)
    assert pixels(page, ".sidebar-section .sidebar-link", "line-height") == pytest.approx(1.4 * size, abs=0.1)
    assert pixels(page, ".sidebar-item-section", "margin-top") >= size


def test_icons_of_the_navbar_are_equally_large(page: Page):
    toggle = pixels(page, ".quarto-color-scheme-toggle .bi", "width", "::before")
    assert pixels(page, "#quarto-search svg", "width") == toggle == 16


def test_captions_stand_left_as_titles_of_figures_do(page: Page):
    places = {}
    for caption in (".figure-title", "#tbl-scores-caption", "#fig-static-caption"):
        assert look(page, caption, "text-align") in {"left", "start"}
        places[caption] = page.locator(caption).bounding_box()["x"]
    assert len(set(places.values())) == 1, places


@pytest.mark.parametrize("width", [1280, 1600])
def test_tables_are_as_wide_as_the_text(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    boxes = [page.locator(one).bounding_box() for one in ("#prose", ".table-scroll", ".callout >> nth=0")]
    assert len({(box["x"], box["width"]) for box in boxes}) == 1, boxes
    assert 600 <= boxes[0]["width"] <= 720


def test_nothing_overflows_on_a_phone(page: Page):
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 780})
    wide = page.evaluate(TOO_WIDE, PHONE_WIDTH)
    assert wide["page"] <= PHONE_WIDTH, wide["elements"]
    assert wide["elements"] == []
    assert look(page, "#call", "white-space") == "normal"
    assert look(page, "pre code", "white-space") == "pre"


def test_only_the_ids_that_quarto_repeats_are_repeated():
    page = read(FIXTURES / "site" / "quarto.html")
    assert repeated_ids(page) == []
    page.elements += page.classed("callout-collapse")
    assert repeated_ids(page) == ["callout-1"]
