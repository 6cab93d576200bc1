"""What can be checked without a browser: links, alternative text, structure."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support.reading import Document, read, repeated_ids

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def page(site: Path, page_name: str) -> Document:
    return read(site / page_name)


def problem_with(address: str, page: Document, site: Path) -> str | None:
    """Why an address of a page leads nowhere; None when it is right or leaves the site."""
    parts = urlsplit(address)
    if parts.scheme in {"mailto", "data", "https", "http", "javascript"}:
        return None
    if parts.path.startswith("/"):
        return "is absolute, so it breaks when the site lives under a sub-path"
    target = page.file if not parts.path else page.file.parent / unquote(parts.path)
    target = target / "index.html" if target.is_dir() else target
    if not target.resolve().is_relative_to(site.resolve()):
        return "leaves the site"
    if not target.is_file():
        return "does not exist"
    fragment = unquote(parts.fragment)
    if fragment and target.suffix == ".html" and fragment not in read(target.resolve()).anchors:
        return f"has no anchor #{fragment}"
    return None


def test_every_link_and_anchor_resolves(page: Document, site: Path):
    problems = {
        address: problem for address in page.addresses if (problem := problem_with(address, page, site))
    }
    assert not problems, f"{page.file.name}: {problems}"


def test_nothing_is_loaded_from_another_server(page: Document):
    loaded = [
        element.attributes.get("src") or element.attributes.get("href", "")
        for element in page.tagged("script", "img", "iframe", "link", "source", "video", "audio")
        if element.attributes.get("rel") not in {"canonical", "alternate", "prev", "next"}
    ]
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []


def test_style_sheets_name_only_files_of_the_site(site: Path):
    missing = []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        for name in re.findall(r"url\(\s*[\"']?([^\"')]+)[\"']?\s*\)", text):
            if name.startswith(("data:", "#")):
                continue
            if (
                name.startswith(("http", "//"))
                or not (sheet.parent / name.split("?")[0].split("#")[0]).is_file()
            ):
                missing.append(f"{sheet.relative_to(site)}: {name}")
    assert missing == []


def test_ids_are_unique(page: Document):
    assert repeated_ids(page) == []


def test_page_names_its_language_and_has_one_title(page: Document):
    assert page.tagged("html")[0].attributes.get("lang")
    # Marks of a picture have titles of their own, which a browser shows when they are pointed at.
    titles = [one for one in page.tagged("title") if all(outer.tag != "svg" for outer in one.inside)]
    assert len(titles) == 1
    assert len(page.tagged("h1")) == 1, [element.text for element in page.tagged("h1")]
    assert len(page.tagged("main")) == 1


def test_headings_skip_no_level(page: Document):
    levels = [int(heading.tag[1]) for heading in page.content("h1", "h2", "h3", "h4", "h5", "h6")]
    jumps = [
        (before, after) for before, after in zip([1, *levels], levels, strict=False) if after > before + 1
    ]
    assert jumps == [], [(heading.tag, heading.text) for heading in page.content("h1", "h2", "h3", "h4")]


def test_every_image_has_alternative_text(page: Document):
    silent = [
        element.attributes.get("src", "?")
        for element in page.tagged("img")
        if not element.attributes.get("alt", "").strip()
        and element.attributes.get("role") != "presentation"
        and element.attributes.get("aria-hidden") != "true"
    ]
    assert silent == []


def test_every_figure_has_alternative_text_and_its_data(page: Document):
    plots = [element for element in page.elements if element.classes & {"figure-plot", "static-figure"}]
    for plot in plots:
        assert plot.attributes.get("role") == "img"
        assert len(plot.attributes.get("aria-label", "")) >= 20, plot.attributes
    for figure in page.classed("journey-figure"):
        cells = [
            cell for cell in page.tagged("td", "th") if figure in cell.inside and cell.within("figure-data")
        ]
        assert len(cells) >= 2, f"{figure.attributes.get('id')} has no data behind it"
        titles = [title for title in page.classed("figure-title") if figure in title.inside]
        assert len(titles) == 1
        assert titles[0].text


def test_every_heading_cell_says_what_it_heads(page: Document):
    for table in page.content("table"):
        heads = [cell for cell in page.tagged("th") if table in cell.inside]
        assert heads, "a table has no heading cells"
        # A heading cell in a table head is a column's by itself.
        unclear = [
            cell.text for cell in heads if not cell.attributes.get("scope") and not cell.within("thead")
        ]
        assert unclear == []
