"""Quarto and press make the same report: headings, captions, numbers and table cells.

Two folders that exist already are compared; nothing is built and nothing is left behind.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from support.places import ROOT, found_pages
from support.reading import Document, read

pytestmark = pytest.mark.site

NUMBER = re.compile(r"[−€£$]?\d[\d,]*(?:\.\d+)?(?:%|\u202fpp)?")


def headings(page: Document) -> list[str]:
    return [heading.text for heading in page.content("h1", "h2", "h3", "h4") if heading.text]


def captions(page: Document) -> list[str]:
    return [caption.text.replace("\u00a0", " ") for caption in page.content("figcaption", "caption")]


def cells(page: Document) -> list[str]:
    return [cell.text for cell in page.content("th", "td")]


def numbers(page: Document) -> list[str]:
    prose = [block for block in page.content("p", "li") if not block.within("nav", "quarto-appendix")]
    return [number for block in prose for number in NUMBER.findall(block.text)]


@pytest.fixture(scope="module")
def by_quarto() -> Path:
    """The site as Quarto rendered it, in the folder `JOURNEY_SITE_QUARTO` or `_site-quarto`."""
    named = os.environ.get("JOURNEY_SITE_QUARTO")
    folder = ROOT / (named or "_site-quarto")
    if not (folder / "index.html").is_file():
        if named:
            pytest.fail(f"JOURNEY_SITE_QUARTO names {named}, which holds no index.html", pytrace=False)
        pytest.skip("there is no _site-quarto/ to compare with: render with Quarto and keep its _site there")
    return folder


def test_quarto_and_press_have_the_same_pages(by_quarto: Path, site: Path):
    assert found_pages(by_quarto) == found_pages(site)


@pytest.mark.parametrize("part", [headings, captions, cells, numbers], ids=lambda part: part.__name__)
def test_quarto_and_press_agree(by_quarto: Path, site: Path, page_name: str, part):
    assert part(read(by_quarto / page_name)) == part(read(site / page_name))
