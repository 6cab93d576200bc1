"""Every page of the rendered site, measured in Chromium: weight, paint, shift, accessibility, words.

Needs a rendered site and Chromium; a build needs neither, so the result is committed. It is current while the
way of measuring is: a changed word on a page makes no result old, for the table says of which commit it is.
What must hold on every page (no shift, no violation, the limits of weight) the tests measure each time.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from journey.errors import JourneyError
from journey.paths import Paths

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
#: Kinds of file that servers send compressed.
PACKED = {".html", ".css", ".js", ".json", ".svg", ".webmanifest", ".xml", ".txt"}
WORD = re.compile(r"[^\W\d_][\w\u2019'-]*")
NUMBER = re.compile(r"(?<![\w.,-])[\u2212+]?[\u20ac\u00a3$]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w-])")
#: Runs before anything of the page: what is painted last and largest, and what moves without being asked to.
WATCH = """window.measured = { paint: 0, shift: 0 };
new PerformanceObserver((list) => { window.measured.paint = list.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.measured.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
#: What a reader sees before opening anything; the labels of charts are no prose.
PROSE = """() => {
  const main = document.querySelector("main").cloneNode(true);
  document.querySelector("main").after(main);
  main.querySelectorAll("svg").forEach((chart) => chart.remove());
  const text = main.innerText;
  main.remove();
  return text;
}"""
HEIGHT = "document.documentElement.scrollHeight"


def measure_pages(paths: Paths) -> dict[str, Any]:
    """Measure every page of the site, on a desktop and a phone, light and dark.

    Returns
    -------
    dict
        `pages`: one entry a page with `page`, `title`, `words`, `numbers` printed, and `views`: one a `size`
        and `scheme` with `before` and `after` (bytes loaded before and after all of the page was seen,
        compressed as servers send them), `paint` (largest contentful paint, ms), `shift` (sum of layout
        shifts) and `violations` (of axe-core's rules). `commit`, empty without git, `changed` (whether files
        differed from it), `chromium`, and `load` (processes at work before).

    Raises
    ------
    JourneyError
        Without a rendered site or without Chromium.
    """
    if not (paths.site / "index.html").is_file():
        raise JourneyError(f"{paths.site.name}/index.html is missing: run `journey render`, then measure")
    load = round(os.getloadavg()[0], 1)
    names = sorted(file.relative_to(paths.site).as_posix() for file in paths.site.rglob("*.html"))
    names = [name for name in names if "/" not in name or name.startswith("chapters/")]
    with served(paths.site) as address, chromium() as browser:
        pages = [measured_page(browser, address, paths.site, name) for name in names]
        version = browser.version
    return {"pages": pages, "chromium": version, "load": load, **commit(paths.root)}


def commit(root: Path) -> dict[str, Any]:
    """The commit that was measured, and whether files differed from it."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            return ""
        return done.stdout.strip()

    return {"commit": git("rev-parse", "--short=10", "HEAD"), "changed": bool(git("status", "--porcelain"))}


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site on a free port of this machine; its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The operating system's Chromium, or the one that CHROMIUM names.

    Raises
    ------
    JourneyError
        When there is none.
    """
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    if not shutil.which(program):
        raise JourneyError(f"Chromium is not at {program}: install it, or set CHROMIUM to where it is")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*OPTIONS])
        yield browser
        browser.close()


def measured_page(browser: Browser, address: str, site: Path, name: str) -> dict[str, Any]:
    """One page in all views."""
    views, title, prose = [], "", ""
    for size in SIZES:
        for scheme in SCHEMES:
            with opened(browser, size, scheme) as page:
                views.append({"size": size, "scheme": scheme, **measured_view(page, address, site, name)})
                title, prose = page.title().split(" \u2013 ")[0], prose or str(page.evaluate(PROSE))
    counts = {"words": len(WORD.findall(prose)), "numbers": len(NUMBER.findall(prose))}
    return {"page": name, "title": title, **counts, "views": views}


@contextmanager
def opened(browser: Browser, size: str, scheme: str) -> Iterator[Page]:
    """An empty page with a memory of its own, which watches itself."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    yield page
    context.close()


def measured_view(page: Page, address: str, site: Path, name: str) -> dict[str, Any]:
    """Load a page, look at all of it, and say what that took."""
    from axe_playwright_python.sync_playwright import Axe

    loaded: set[str] = set()
    page.on("requestfinished", lambda request: loaded.add(unquote(urlsplit(request.url).path)))
    page.goto(f"{address}{name}", wait_until="networkidle")
    before, paint = weight(site, loaded), page.evaluate("window.measured.paint")
    shift = seen_shift(page)
    found = Axe().run(page).response["violations"]
    return {
        "before": before,
        "after": weight(site, loaded),
        "paint": round(float(paint)),
        "shift": round(shift, 4),
        "violations": sum(len(rule["nodes"]) for rule in found),
    }


def seen_shift(page: Page) -> float:
    """Scroll through a page until its figures are there; the sum of its layout shifts."""
    for top in range(0, int(page.evaluate(HEIGHT)), 400):
        page.evaluate(f"scrollTo({{ top: {top}, behavior: 'instant' }})")
        page.wait_for_timeout(30)
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.wait_for_timeout(200)
    return float(page.evaluate("window.measured.shift"))


def weight(site: Path, loaded: set[str]) -> int:
    """Bytes of files of the site, as a server sends them."""
    return sum(_sent(site / path.lstrip("/")) for path in loaded)


@functools.cache
def _sent(file: Path) -> int:
    if not file.is_file():
        return 0
    content = file.read_bytes()
    return len(gzip.compress(content, 9, mtime=0)) if file.suffix in PACKED else len(content)
