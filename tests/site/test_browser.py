"""Every page in a real browser: loads clean, draws, recolours, fits a phone, is accessible."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from support.viewing import DESKTOP, PHONE_WIDTH, TOO_WIDE, violations

pytestmark = pytest.mark.site

# HTML, CSS and JS, compressed, pictures of figures included. What lies under site_libs is the renderer's own.
PAGE_WEIGHT = 300 * 1024
OWN_WEIGHT = 50 * 1024
RENDERERS_OWN = "/site_libs/"
PLOTLY = "plotly.min.js"
PLOTLY_WEIGHT = 350_000
WHOLE_PLOTLY = 3_000_000
WEIGHED = {"document", "stylesheet", "script"}

# Figures that stand open on the page, with or without a picture that is seen.
VISIBLE_FIGURES = """() => [...document.querySelectorAll('.journey-figure')]
  .filter(figure => figure.clientWidth > 0).length"""
PICTURES = """() => [...document.querySelectorAll('.journey-figure')]
  .filter(figure => [...figure.querySelectorAll('.figure-plot > svg')]
    .filter(svg => svg.getBoundingClientRect().height > 100).length === 1).length"""
EXPLORED = """() => [...document.querySelectorAll('.journey-figure')]
  .filter(figure => figure.querySelector('.main-svg')?.clientWidth > 0).length"""
HEIGHTS = """() => [...document.querySelectorAll('.journey-figure')].map(figure => figure.offsetHeight)"""
COLOURS = """(kind) => [...document.querySelectorAll('.journey-figure')].map((figure) => {
  const shapes = [...figure.querySelectorAll(`${kind} path, ${kind} text, ${kind} rect`)];
  const styles = shapes.map((shape) => getComputedStyle(shape));
  return [figure.id, [...new Set(styles.flatMap((style) => [style.fill, style.stroke]))].sort()];
})"""
# Texts of pictures that stick out of them, or that stand on one another.
CUT = """() => [...document.querySelectorAll('.figure-plot > svg')].flatMap((svg) => {
  const { width, height } = svg.viewBox.baseVal;
  return [...svg.querySelectorAll('text:not([transform])')].filter((text) => {
    const box = text.getBBox();
    return box.width && (box.x < -1.5 || box.x + box.width > width + 1.5 || box.y + box.height > height + 1);
  }).map((text) => `${svg.closest('figure').id} ${svg.getAttribute('class')}: ${text.textContent}`);
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
    plotting: list[str] = field(default_factory=list)
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
        if PLOTLY in request.url or "/figures/" in request.url:
            self.plotting.append(request.url)
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
    """Scroll through the page, so that all that waits to be seen is there."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 600):
        page.evaluate(f"scrollTo({{top: {top}, behavior: 'instant'}})")
        page.wait_for_timeout(30)
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")


def set_mode(visit: Visit, mode: str) -> None:
    """Switch to light or dark with the page's own switch."""

    def switch(page: Page) -> None:
        if not page.evaluate(f"document.body.classList.contains('quarto-{mode}')"):
            page.locator(".quarto-color-scheme-toggle:visible").first.click()
            page.wait_for_function(f"document.body.classList.contains('quarto-{mode}')")
            page.wait_for_timeout(400)

    visit.do(switch)


def explore_everything(page: Page) -> None:
    """Explore every figure that can be."""
    for figure in page.locator(".journey-figure:has(.figure-explore:visible)").all():
        button = figure.locator(".figure-explore")
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        figure.locator(".main-svg").first.wait_for(timeout=20_000)


def test_every_figure_is_a_picture_and_nothing_is_loaded_to_draw_it(visit: Visit):
    visit.do(see_everything)
    assert visit.page.evaluate(PICTURES) == visit.page.evaluate(VISIBLE_FIGURES)
    assert visit.plotting == []


def test_no_text_of_a_picture_is_cut(visit: Visit):
    visit.page.evaluate(
        "document.querySelectorAll('details:has(.journey-figure)').forEach(one => one.open = true)"
    )
    wide = visit.page.evaluate(CUT)
    visit.page.set_viewport_size({"width": PHONE_WIDTH, "height": 780})
    narrow = visit.page.evaluate(CUT)
    visit.page.set_viewport_size(DESKTOP)
    assert wide + narrow == []


def test_no_error_and_no_failed_request(visit: Visit):
    assert visit.console == []
    assert visit.failed == []


def test_no_request_to_another_server(visit: Visit):
    assert visit.foreign == []


def test_page_is_light(visit: Visit):
    total = sum(visit.weights.values())
    own = sum(weight for url, weight in visit.weights.items() if RENDERERS_OWN not in url)
    assert total <= PAGE_WEIGHT, f"{total / 1024:.0f} KiB: {visit.weights}"
    assert own <= OWN_WEIGHT, f"{own / 1024:.0f} KiB of its own: {visit.weights}"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_accessibility_violation(visit: Visit, mode: str):
    set_mode(visit, mode)
    assert violations(visit.page) == []


def test_pictures_change_colour_with_the_page(visit: Visit):
    assert unchanged_colours(visit, ".figure-plot > svg") == []


def test_a_figure_is_explored_in_its_place_in_the_colours_of_the_page(visit: Visit):
    before = visit.page.evaluate(HEIGHTS)
    visit.do(explore_everything)
    asked = visit.page.locator(".figure-explore:visible").count()
    assert visit.page.evaluate(EXPLORED) == asked
    assert visit.page.evaluate(HEIGHTS) == pytest.approx(before, abs=1)
    assert len([url for url in visit.plotting if PLOTLY in url]) == min(asked, 1)
    assert unchanged_colours(visit, ".main-svg") == []
    assert visit.console == []
    for button in visit.page.locator(".figure-explore:visible").all():
        button.click()
    assert visit.page.evaluate(PICTURES) == visit.page.evaluate(VISIBLE_FIGURES)


def test_what_draws_explored_figures_is_light(site: Path):
    script = (site / "assets/vendor" / PLOTLY).read_bytes()
    if len(script) > WHOLE_PLOTLY:
        pytest.skip("npm did not give the small bundle; the whole plotly.js took its place")
    assert len(gzip.compress(script)) <= PLOTLY_WEIGHT


def unchanged_colours(visit: Visit, kind: str) -> list[str]:
    """Figures whose shapes of a kind look the same on a light and on a dark page."""
    set_mode(visit, "light")
    light = dict(visit.page.evaluate(COLOURS, kind))
    set_mode(visit, "dark")
    dark = dict(visit.page.evaluate(COLOURS, kind))
    return [name for name, colours in light.items() if colours and colours == dark[name]]


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
