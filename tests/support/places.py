"""Where the tests find the project and their own files."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
SITE = Path(os.environ.get("JOURNEY_SITE") or ROOT / "_site")


def found_pages(site: Path = SITE) -> list[str]:
    """Every HTML page of a site, relative to it; one empty name when there is no site."""
    pages = sorted(file.relative_to(site).as_posix() for file in site.rglob("*.html"))
    return [page for page in pages if not page.startswith(("site_libs/", "assets/", "pagefind/"))] or [""]
