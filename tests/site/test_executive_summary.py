"""The two-page PDF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

pytestmark = pytest.mark.site

A4 = (595.28, 841.89)
POINTS = 1.0
MAX_BYTES = 500_000


@pytest.fixture(scope="module")
def file(site: Path) -> Path:
    path = site / "executive-summary.pdf"
    assert path.is_file(), "executive-summary.pdf is missing: run `make site` first"
    return path


@pytest.fixture(scope="module")
def pdf(file: Path) -> PdfReader:
    return PdfReader(file)


def fonts(pdf: PdfReader) -> Iterator[dict[str, Any]]:
    for page in pdf.pages:
        for reference in (page["/Resources"].get_object().get("/Font") or {}).values():
            font = reference.get_object()
            for one in font.get("/DescendantFonts", [font]):
                yield one.get_object()


def structure(node: Any) -> Iterator[Any]:
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from structure(child)
    elif isinstance(node, dict):
        yield node
        if "/K" in node:
            yield from structure(node["/K"])


def test_exactly_two_a4_pages(pdf: PdfReader):
    sizes = [(float(page.mediabox.width), float(page.mediabox.height)) for page in pdf.pages]
    assert len(sizes) == 2
    for size in sizes:
        assert size == pytest.approx(A4, abs=POINTS)


def test_both_pages_are_filled_with_text(pdf: PdfReader):
    words = [len(page.extract_text().split()) for page in pdf.pages]
    assert words[0] >= 200
    assert words[1] >= 80


def test_all_fonts_are_embedded(pdf: PdfReader):
    embedded = {
        str(font["/BaseFont"]): any(
            key in font["/FontDescriptor"].get_object() for key in ("/FontFile", "/FontFile2", "/FontFile3")
        )
        for font in fonts(pdf)
    }
    assert embedded
    assert all(embedded.values()), embedded


def test_it_is_set_in_the_fonts_of_the_site(pdf: PdfReader):
    names = {str(font["/BaseFont"]).partition("+")[2] for font in fonts(pdf)}
    assert any(name.startswith("JourneySerif") for name in names), names


def test_it_is_small(file: Path):
    assert file.stat().st_size < MAX_BYTES


def test_title_and_language_are_set(pdf: PdfReader):
    assert pdf.metadata is not None
    assert pdf.metadata.title
    assert str(pdf.trailer["/Root"]["/Lang"]).startswith("en")


def test_it_is_tagged_and_its_figures_have_alternative_text(pdf: PdfReader):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    nodes = list(structure(root["/StructTreeRoot"]))
    kinds = {str(node.get("/S")) for node in nodes}
    assert {"/H1", "/P"} <= kinds or {"/Title", "/P"} <= kinds, kinds
    silent = [node for node in nodes if node.get("/S") == "/Figure" and not node.get("/Alt")]
    assert silent == []
