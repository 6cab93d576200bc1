"""The demo as a site: structure, navigation, cells, other formats."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from support.press_site import CONFIG, Element, parse

import press

Page = Callable[[str], Element]
PAGES = ["index.html", "part/elements.html", "part/cells.html"]


@pytest.mark.parametrize("name", PAGES)
def test_page_frame_is_quartos(page: Page, name: str) -> None:
    tree = page(name)
    body = tree.one(tag="body")
    assert {"nav-sidebar", "docked", "nav-fixed", "quarto-light"} <= set(body.classes)
    assert tree.one(id="quarto-header").one(tag="nav", cls="navbar")
    content = tree.one(id="quarto-content")
    assert {"page-columns", "page-rows-contents", "page-layout-article"} <= set(content.classes)
    main = content.one(id="quarto-document-content")
    assert main.tag == "main"
    assert main.one(id="title-block-header").one(tag="h1", cls="title")
    assert content.one(id="quarto-margin-sidebar").one(id="TOC").attributes["role"] == "doc-toc"
    assert content.one(id="quarto-sidebar")
    assert len(tree.all(tag="h1")) == 1
    assert tree.one(cls="quarto-color-scheme-toggle").tag == "button"
    assert tree.one(cls="skip-link").attributes["href"] == "#quarto-document-content"


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_links_lead_somewhere(site: Path, page: Page, name: str) -> None:
    tree = page(name)
    ids = Counter(element.attributes["id"] for element in tree.all() if "id" in element.attributes)
    assert [name for name, times in ids.items() if times > 1] == []
    for element in tree.all():
        for key in ("href", "src"):
            target = element.attributes.get(key, "")
            if not target or re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (site / name).parent / path if path else site / name
            assert file.is_file(), f"{name} leads to {target}"
            if anchor and file.suffix == ".html":
                assert f'id="{anchor}"' in file.read_text("utf-8"), f"{name} leads to {target}"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_fetched_from_elsewhere(page: Page, name: str) -> None:
    for element in page(name).all():
        if element.tag in {"script", "link", "img", "source", "iframe"}:
            address = element.attributes.get("src", element.attributes.get("href", ""))
            assert not address.startswith(("http", "//"))


def test_head(page: Page) -> None:
    tree = page("part/elements.html")
    assert tree.one(tag="title").text == "Elements – Demo of press"
    named = {m.attributes.get("name"): m.attributes.get("content") for m in tree.all("meta")}
    assert named["quarto:offset"] == "../"
    assert named["description"] == "All of them."
    assert page("index.html").one(tag="html").attributes["lang"] == "en-GB"
    sheets = [link.attributes["href"] for link in tree.all("link") if link.attributes["rel"] == "stylesheet"]
    assert sheets == ["../site_libs/press/press.css", "../assets/site.css"]


def test_where_the_page_is_known_from_outside(small: Callable[..., Path]) -> None:
    """What is known locally stands in a file beside the configuration; without it nothing is claimed."""
    config = CONFIG.replace("website:", "website:\n  open-graph: {image: card.png}", 1)
    assert config != CONFIG
    root = small("---\ntitle: Home\n---\n\nText.\n", config)
    press.render(root)
    tree = parse((root / "_site/index.html").read_text("utf-8"))
    named = {m.attributes.get("property"): m.attributes.get("content") for m in tree.all("meta")}
    assert named["og:title"].startswith("Home")
    assert "og:image" not in named
    assert not [link for link in tree.all("a") if link.attributes["href"].startswith("http")]
    local = "website:\n  site-url: https://a.org/b/\n  repo-url: https://c.org/d\n  repo-actions: source\n"
    (root / "_quarto.yml.local").write_text(local, "utf-8")
    press.render(root)
    tree = parse((root / "_site/index.html").read_text("utf-8"))
    named = {m.attributes.get("property"): m.attributes.get("content") for m in tree.all("meta")}
    assert named["og:image"] == "https://a.org/b/card.png"
    canonical = [
        link.attributes["href"] for link in tree.all("link") if link.attributes["rel"] == "canonical"
    ]
    assert canonical == ["https://a.org/b/index.html"]
    outside = [
        link.attributes["href"] for link in tree.all("a") if link.attributes["href"].startswith("http")
    ]
    assert outside == ["https://c.org/d", "https://c.org/d/blob/main/index.qmd"]


def test_navigation(page: Page) -> None:
    tree = page("part/elements.html")
    links = [(link.text, link.attributes["href"]) for link in tree.one(cls="navbar").all(cls="nav-link")]
    assert links == [("Home", "../index.html"), ("Elements", "elements.html"), ("Numbers", "../numbers.json")]
    current = [link.text for link in tree.all("a") if link.attributes.get("aria-current") == "page"]
    assert current == ["Elements"] * 4
    sidebar = tree.one(id="quarto-sidebar")
    assert [link.text for link in sidebar.all("a")] == ["Home: summary", "Elements", "Computed things"]
    assert sidebar.one(cls="active").attributes["aria-current"] == "page"
    assert tree.one(cls="nav-page-previous").text == "Home: summary"
    assert tree.one(cls="nav-page-next").text == "Computed things"
    assert [step.text for step in tree.one(cls="quarto-title-breadcrumbs").all("li")] == [
        "Parts",
        "Elements",
    ]
    footer = tree.one(cls="nav-footer")
    assert footer.one(cls="nav-footer-left").text == "Made with press"
    assert footer.one(tag="a").attributes["href"] == "../numbers.json"


def test_contents_and_anchors(page: Page) -> None:
    tree = page("part/elements.html")
    links = tree.one(id="TOC").all(tag="a", cls="nav-link")
    assert [link.text for link in links] == ["Callouts", "Cross-references", "A deeper heading"]
    assert links[1].attributes["data-scroll-target"] == links[1].attributes["href"] == "#sec-crossrefs"
    assert [link.text for link in page("part/cells.html").one(id="TOC").all("a", cls="nav-link")] == [
        "Printed",
        "Silent",
    ]


def test_title_block(page: Page) -> None:
    header = page("index.html").one(id="title-block-header")
    assert header.one(tag="h1").text == "Home: summary"
    assert header.one(cls="subtitle").text == "What the demo shows"


def test_inline_code(page: Page) -> None:
    text = page("index.html").one(tag="main").text
    assert "The shop had 1,234 sessions; bold and literal *stars*." in text


def test_resources_are_in_the_site(site: Path) -> None:
    assert json.loads((site / "numbers.json").read_text("utf-8")) == {"sessions": 1234}
    assert (site / "assets" / "extra" / "note.txt").is_file()


def test_cells(page: Page) -> None:
    main = page("part/cells.html").one(tag="main")
    assert main.one(tag="strong").text == "as is"
    assert [link.attributes["href"] for link in main.all("a") if link.text == "link"] == ["elements.html"]
    assert main.one(tag="div", cls="made").text == "made"
    assert main.one(tag="em").text == "a value"
    assert "unseen" not in main.text
    assert "a warning" not in main.text


def test_what_the_configuration_adds_stands_at_the_end(page: Page) -> None:
    scripts = page("part/cells.html").one(tag="body").all("script")
    assert "dataset.ended" in "".join(part for part in scripts[-1].children if isinstance(part, str))


def test_references_stand_in_the_appendix(page: Page) -> None:
    appendix = page("part/elements.html").one(id="quarto-appendix")
    assert "Literate Programming" in appendix.one(id="quarto-bibliography").text
    link = page("part/elements.html").one(cls="citation").one(tag="a")
    assert link.attributes["href"] == "#ref-knuth1984"


def test_other_formats(page: Page) -> None:
    assert (
        page("index.html").one(cls="quarto-alternate-formats").one(tag="a").attributes["href"]
        == "summary.pdf"
    )


RESOURCES = "type: website\n  resources: [{}]"


def test_resources_are_files_and_folders_from_the_root(small: Callable[..., Path]) -> None:
    config = CONFIG.replace("type: website", RESOURCES.format("/numbers.json, /deep/fonts/"))
    root = small("text\n", config, numbers__json="1")
    for folder in ("deep/er", "deep/fonts"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "numbers.json").write_text("2", "utf-8")
    site = press.render(root)
    published = sorted(path.relative_to(site).as_posix() for path in site.rglob("numbers.json"))
    assert published == ["deep/fonts/numbers.json", "numbers.json"]


def test_a_page_without_contents_and_other_formats_is_wide(small: Callable[..., Path]) -> None:
    tree = parse((press.render(small("text\n")) / "index.html").read_text("utf-8"))
    assert "fullcontent" in tree.one(tag="body").classes
    assert not tree.all(id="quarto-margin-sidebar")


def test_citations_follow_the_language(small: Callable[..., Path]) -> None:
    book = "@article{one, title={Paper}, author={A, B}, journal={Journal}, year={1999}}\n"
    config = CONFIG + "bibliography: refs.bib\nlang: %s\n"

    def listed(language: str) -> str:
        site = press.render(small("[@one]\n", config % language, refs__bib=book))
        return parse((site / "index.html").read_text("utf-8")).one(id="quarto-bibliography").text

    assert "\u2018Paper\u2019" in listed("en-GB")
    assert "\u201cPaper.\u201d" in listed("en-US")


def test_pdf(site: Path) -> None:
    reader = pypdf.PdfReader(site / "summary.pdf")
    width, height = (float(length) for length in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)
    text = "\n".join(sheet.extract_text() for sheet in reader.pages)
    text = re.sub(r"[^\S\n]+", " ", text)
    for expected in ("Home: summary", "A section", "Only in print.", "Table 1: The funnel"):
        assert expected in text
    assert "Only on the web." not in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Home: summary"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"


def test_search_index(site: Path) -> None:
    entry = json.loads((site / "pagefind" / "pagefind-entry.json").read_text("utf-8"))
    assert sum(language["page_count"] for language in entry["languages"].values()) == 3
