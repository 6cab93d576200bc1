"""Every page in a real browser: loads clean, draws, recolours, fits a phone, is accessible."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from support.viewing import DESKTOP, PHONE_WIDTH, TOO_WIDE, violations

pytestmark = pytest.mark.site

# HTML, CSS and JS, compressed, before plots load. What lies under site_libs is the renderer's own.
PAGE_WEIGHT = 300 * 1024
OWN_WEIGHT = 50 * 1024
RENDERERS_OWN = "/site_libs/"
PLOTLY = "plotly.min.js"
WEIGHED = {"document", "stylesheet", "script"}

VISIBLE_FIGURES = """() => [...document.querySelectorAll('.journey-figure')]
  .filter(figure => figure.querySelector('.figure-plot').clientWidth > 0).length"""
DRAWN_FIGURES = """() => [...document.querySelectorAll('.journey-figure')]
  .filter(figure => figure.querySelector('.figure-plot').clientWidth > 0
    && figure.querySelector('.main-svg')).length"""
COLOURS = """() => [...document.querySelectorAll('.journey-figure')].map((figure) => {
  const shapes = [...figure.querySelectorAll('.main-svg path, .main-svg text, .main-svg rect')];
  const styles = shapes.map((shape) => getComputedStyle(shape));
  return [figure.id, [...new Set(styles.flatMap((style) => [style.fill, style.stroke]))].sort()];
})"""


# Chromium sometimes stops drawing one tab for good: scripts still run, but no frame ever comes, so nothing
# that waits for one (an observer, an animation, a click) ends. Two frames in a row show that it draws.
DRAWS = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
  setTimeout(() => done(false), 10_000);
})"""


@dataclass
class Visit:
    """One page in a browser context of its own, and what happened on it."""

    browser: Browser
    url: str
    console: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)
    weighing: bool = True

    def __post_init__(self) -> None:
        self.host = urlsplit(self.url).netloc
        self.open()

    def open(self) -> None:
        """Load the page in a fresh context."""
        self.context = self.browser.new_context(
            viewport=DESKTOP, color_scheme="light", reduced_motion="reduce"
        )
        self.page = page = self.context.new_page()
        page.on(
            "console", lambda message: self.console.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("requestfailed", lambda request: self.failed.append(f"{request.failure} {request.url}"))
        page.on("request", self.on_request)
        page.on("response", self.on_response)
        page.goto(self.url, wait_until="networkidle")
        self.weighing = False

    def reopen_if_stalled(self) -> bool:
        """Whether the browser had stopped drawing the page; if so it was loaded and drawn again."""
        if self.page.evaluate(DRAWS):
            return False
        warnings.warn(f"Chromium stopped drawing {self.url}; it was loaded again", stacklevel=2)
        self.context.close()
        self.open()
        see_everything(self.page)
        return True

    def do(self, action: Callable[[Page], None]) -> None:
        """Do what waits for frames, a second time only where the browser and not the page is at fault."""
        try:
            action(self.page)
        except PlaywrightTimeout:
            if not self.reopen_if_stalled():
                raise
            action(self.page)

    def on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith("http") and parts.netloc != self.host:
            self.foreign.append(request.url)

    def on_response(self, response: Response) -> None:
        if urlsplit(response.url).netloc != self.host:
            self.foreign.append(response.url)
        if response.status >= 400:
            self.failed.append(f"{response.status} {response.url}")
        elif self.weighing and response.request.resource_type in WEIGHED and PLOTLY not in response.url:
            self.weights[response.url] = len(gzip.compress(response.body(), mtime=0))


@pytest.fixture(scope="module")
def visited(browser: Browser, address: str, page_name: str) -> Iterator[Visit]:
    """One page, loaded once for all tests on it."""
    seen = Visit(browser, address + page_name)
    yield seen
    seen.context.close()


@pytest.fixture
def visit(visited: Visit) -> Visit:
    """The page of this module's tests, sure to be drawing."""
    visited.reopen_if_stalled()
    return visited


def see_everything(page: Page) -> None:
    """Scroll through the page, so that every figure draws."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 600):
        page.evaluate(f"scrollTo({{top: {top}, behavior: 'instant'}})")
        page.wait_for_timeout(30)
    visible = page.evaluate(VISIBLE_FIGURES)
    page.wait_for_function(f"({DRAWN_FIGURES})() >= {visible}", timeout=20_000)
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")


def set_mode(visit: Visit, mode: str) -> None:
    """Switch to light or dark with the page's own switch."""

    def switch(page: Page) -> None:
        if not page.evaluate(f"document.body.classList.contains('quarto-{mode}')"):
            page.locator(".quarto-color-scheme-toggle:visible").first.click()
            page.wait_for_function(f"document.body.classList.contains('quarto-{mode}')")
            page.wait_for_timeout(400)

    visit.do(switch)


def test_figures_draw(visit: Visit):
    visit.do(see_everything)
    assert visit.page.evaluate(DRAWN_FIGURES) == visit.page.evaluate(VISIBLE_FIGURES)


def test_no_error_and_no_failed_request(visit: Visit):
    assert visit.console == []
    assert visit.failed == []


def test_no_request_to_another_server(visit: Visit):
    assert visit.foreign == []


def test_page_is_light_before_its_plots_load(visit: Visit):
    total = sum(visit.weights.values())
    own = sum(weight for url, weight in visit.weights.items() if RENDERERS_OWN not in url)
    assert total <= PAGE_WEIGHT, f"{total / 1024:.0f} KiB: {visit.weights}"
    assert own <= OWN_WEIGHT, f"{own / 1024:.0f} KiB of its own: {visit.weights}"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_accessibility_violation(visit: Visit, mode: str):
    set_mode(visit, mode)
    assert violations(visit.page) == []


def test_figures_change_colour_with_the_page(visit: Visit):
    set_mode(visit, "light")
    light = dict(visit.page.evaluate(COLOURS))
    set_mode(visit, "dark")
    dark = dict(visit.page.evaluate(COLOURS))
    unchanged = [name for name, colours in light.items() if colours and colours == dark[name]]
    assert unchanged == []


def test_nothing_overflows_on_a_phone(visit: Visit):
    visit.page.set_viewport_size({"width": PHONE_WIDTH, "height": 780})
    visit.page.wait_for_timeout(400)
    wide = visit.page.evaluate(TOO_WIDE, PHONE_WIDTH)
    visit.page.set_viewport_size(DESKTOP)
    assert wide["page"] <= PHONE_WIDTH, wide["elements"]
    assert wide["elements"] == []


def test_wide_tables_can_be_scrolled_by_keyboard(visit: Visit):
    unnamed = visit.page.evaluate(
        """() => [...document.querySelectorAll('.table-scroll')]
          .filter(box => box.tabIndex !== 0 || box.getAttribute('role') !== 'region'
            || !box.getAttribute('aria-label')).length"""
    )
    assert unnamed == 0
