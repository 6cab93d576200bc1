"""The rendered site, served under a sub-path as GitHub Pages does, and a headless Chromium."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from support.places import SITE, found_pages

from journey.studies.pages_measured import OPTIONS

PREFIX = "/project/"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", found_pages(), scope="module")


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the rendered site."""
    if not (SITE / "index.html").is_file():
        pytest.fail(f"{SITE.name}/index.html is missing: run `make site` first", pytrace=False)
    return SITE


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def translate_path(self, path: str) -> str:
        if not path.startswith(PREFIX):
            return str(SITE / "outside-the-site")
        return super().translate_path("/" + path.removeprefix(PREFIX))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Address of the site; anything outside `/project/` is not found."""
    handler = functools.partial(_Handler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium of the operating system."""
    program = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    if not shutil.which(program):
        reason = f"Chromium is not at {program}: install it, or set CHROMIUM to where it is"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=program, args=[*OPTIONS])
        except PlaywrightError as error:
            pytest.fail(f"Chromium at {program} does not start: {error}", pytrace=False)
        yield chromium
        chromium.close()
