"""The demo in a real browser: scheme, navigation, callouts, contents, search, accessibility."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")
api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.site, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")]
PAGES = ["index.html", "part/elements.html", "part/cells.html"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, address):  # type: ignore[no-untyped-def]
    """Open a page of the demo; whatever goes wrong on it fails the test."""
    contexts, faults = [], []

    def visit(name: str, scheme: str = "light", width: int = 1280):  # type: ignore[no-untyped-def]
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on(
            "request", lambda r: faults.append(r.url) if not r.url.startswith((address, "data:")) else None
        )
        page.goto(f"{address}/{name}", wait_until="load")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_accessible_and_never_wider_than_the_screen(tab, name: str, scheme: str) -> None:  # type: ignore[no-untyped-def]
    for width in (1280, 360):
        page = tab(name, scheme, width)
        violations = axe_api.Axe().run(page).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_scheme_follows_the_system_and_is_remembered(tab) -> None:  # type: ignore[no-untyped-def]
    page = tab("index.html", "dark")
    dark = "document.body.classList.contains('quarto-dark')"
    assert page.evaluate(dark)
    accent = "getComputedStyle(document.body).getPropertyValue('--demo-accent').trim()"
    assert page.evaluate(accent) == "#99c1f1"
    page.click(".quarto-color-scheme-toggle")
    assert not page.evaluate(dark)
    assert page.evaluate(accent) == "#1a5fb4"
    page.goto(page.url.replace("index.html", "part/cells.html"))
    assert not page.evaluate(dark)
    assert page.get_attribute(".quarto-color-scheme-toggle", "aria-checked") == "false"


def test_collapsed_callout_opens_by_keyboard(tab) -> None:  # type: ignore[no-untyped-def]
    page = tab("part/elements.html")
    assert not page.is_visible("#callout-1")
    page.focus("[aria-controls=callout-1]")
    page.keyboard.press("Enter")
    assert page.is_visible("#callout-1")
    assert page.get_attribute("[aria-controls=callout-1]", "aria-expanded") == "true"


def test_phone_navigation(tab) -> None:  # type: ignore[no-untyped-def]
    phone = tab("index.html", width=360)
    assert not phone.is_visible("#quarto-sidebar")
    phone.click(".quarto-btn-toggle")
    assert phone.is_visible("#quarto-sidebar")
    phone.keyboard.press("Escape")
    assert not phone.is_visible("#quarto-sidebar")
    phone.click(".navbar-toggler")
    assert phone.is_visible("#navbarCollapse")


def test_contents_follow_the_reader(tab) -> None:  # type: ignore[no-untyped-def]
    page = tab("part/elements.html")
    page.evaluate("document.getElementById('sec-crossrefs').scrollIntoView()")
    page.wait_for_function("document.querySelector('#TOC .active')?.textContent.includes('Cross-references')")


def test_search_finds_and_leads_there(tab) -> None:  # type: ignore[no-untyped-def]
    page = tab("part/cells.html")
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement.matches('pagefind-modal input')")
    page.keyboard.type("folded")
    page.wait_for_selector("dialog a[href*='elements.html']")
    violations = axe_api.Axe().run(page).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in violations] == []
    page.click("dialog a[href*='elements.html'] >> nth=0")
    page.wait_for_url("**/part/elements.html*")
    empty = tab("index.html")
    empty.click("#quarto-search button")
    empty.wait_for_function("document.activeElement.matches('pagefind-modal input')")
    empty.keyboard.type("zzzzqq")
    empty.get_by_text("No results").first.wait_for(state="visible")
    empty.keyboard.press("Escape")
    assert not empty.is_visible("dialog")
