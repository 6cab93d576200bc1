"""The demo as a site: structure, navigation, cells, other formats."""

from __future__ import annotations

import json
import re
import shutil
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
    named = {
        m.attributes.get("name", m.attributes.get("property")): m.attributes.get("content")
        for m in tree.all("meta")
    }
    assert named["quarto:offset"] == "../"
    assert named["description"] == "All of them."
    assert named["og:title"] == "Elements"
    assert named["demo"] == "yes"
    assert page("index.html").one(tag="html").attributes["lang"] == "en-GB"
    sheets = [link.attributes["href"] for link in tree.all("link") if link.attributes["rel"] == "stylesheet"]
    assert sheets == [
        "../site_libs/press/press.css",
        "../site_libs/theme/light.css",
        "../site_libs/theme/dark.css",
        "../assets/site.css",
    ]


def test_theme_keeps_rules_and_drops_sass(site: Path) -> None:
    dark = (site / "site_libs" / "theme" / "dark.css").read_text("utf-8")
    assert "--demo-accent: #99c1f1" in dark
    assert "$primary" not in dark


def test_navigation(page: Page) -> None:
    tree = page("part/elements.html")
    navbar = tree.one(cls="navbar")
    assert [link.text for link in navbar.all(cls="dropdown-item")] == ["Elements", "Elsewhere"]
    icon = next(link for link in navbar.all("a") if "code" in link.attributes["href"])
    assert icon.attributes["aria-label"] == "Source code"
    sidebar = tree.one(id="quarto-sidebar")
    assert [link.text for link in sidebar.all("a")] == ["Home: summary", "Elements", "Computed things"]
    assert sidebar.one(cls="active").attributes["aria-current"] == "page"
    assert tree.one(cls="nav-page-previous").text == "Home: summary"
    assert tree.one(cls="nav-page-next").text == "Computed things"
    assert [step.text for step in tree.one(cls="quarto-title-breadcrumbs").all("li")] == [
        "Elements",
        "Elements",
    ]
    footer = tree.one(cls="nav-footer")
    assert footer.one(cls="nav-footer-left").text == "Made with press"
    assert footer.one(tag="a").attributes["href"] == "../numbers.json"


def test_contents_and_anchors(page: Page) -> None:
    tree = page("part/elements.html")
    links = tree.one(id="TOC").all(tag="a", cls="nav-link")
    assert [link.text for link in links][-2:] == ["4 Cross-references", "4.1 A deeper heading"]
    heading = next(h for h in tree.all("h2") if "anchored" in h.classes and "Tabs" in h.text)
    assert heading.attributes["data-anchor-id"] == "sec-tabs"
    assert heading.one(cls="anchorjs-link").attributes["href"] == "#sec-tabs"


def test_title_block(page: Page) -> None:
    header = page("index.html").one(id="title-block-header")
    assert header.one(tag="h1").text == "Home: summary"
    assert header.one(cls="subtitle").text == "What the demo shows"
    assert header.one(cls="description").text.startswith("A page with")
    assert header.one(cls="date").text == "1 May 2024"
    assert "A. Author" in header.text


def test_inline_code_variables_and_includes(page: Page) -> None:
    text = page("index.html").one(tag="main").text
    assert "The shop Corner Shop had 1,234 sessions; bold and literal *stars*." in text
    assert "This page is What the demo shows." in text
    elements = page("part/elements.html").one(tag="main").text
    assert "Shared text from an include, with Corner Shop." in elements
    assert "Escaped: {{< var shop.name >}}" in elements


def test_pre_render_saw_a_whole_render(site: Path) -> None:
    assert json.loads((site / "numbers.json").read_text("utf-8")) == {"sessions": 1234, "whole": "1"}
    assert (site / "assets" / "extra" / "note.txt").is_file()


def test_folded_code(page: Page) -> None:
    tree = page("part/cells.html")
    first = tree.all(cls="cell")[0]
    fold = first.one(tag="details", cls="code-fold")
    assert fold.one(tag="summary").text == "Code"
    assert "open" not in fold.attributes
    code = fold.one(cls="cell-code")
    assert code.one(tag="code").classes == ["sourceCode", "python"]
    assert first.one(cls="cell-output-stdout").text == "to stdout"
    shown = next(d for d in tree.all("details") if d.one(tag="summary").text == "How")
    assert "open" in shown.attributes
    assert tree.one(cls="code-tools-button")


def test_cell_options(page: Page) -> None:
    main = page("part/cells.html").one(tag="main")
    assert "never()" in main.text
    assert main.one(cls="cell-output-error").text == "ZeroDivisionError: division by zero"
    assert not main.all(cls="cell-output-stderr")
    assert "unseen" not in [output.text for output in main.all(cls="cell-output")]
    assert main.one(tag="strong").text == "as is"
    assert main.one(tag="div", cls="made").text == "made"
    named = main.one(id="named")
    assert "special" in named.classes
    assert [cell.text for cell in named.all(cls="quarto-layout-cell")] == ["first", "second"]


def test_labelled_cells_are_floats(site: Path, page: Page) -> None:
    main = page("part/cells.html").one(tag="main")
    assert (
        main.one(id="cell-tbl-frame").one(id="tbl-frame").one(tag="figcaption").text
        == "Table 1: A data frame"
    )
    header, *rows = main.one(id="tbl-frame").all("tr")
    assert [cell.attributes.get("scope") for cell in header.all("th")] == ["col", "col"]
    assert rows[0].one(tag="th").attributes["scope"] == "row"
    computed = main.one(id="fig-computed")
    assert computed.one(tag="figcaption").text == "Figure 1: Of 12 things."
    image = computed.one(tag="img")
    assert image.attributes["alt"] == "A box"
    assert (site / "part" / image.attributes["src"]).read_text("utf-8").startswith("<svg")
    plot = page("index.html").one(id="fig-plot").one(tag="img")
    assert plot.attributes["src"] == "index_files/figure-html/fig-plot-output-1.png"
    assert int(plot.attributes["width"]) > 300


def test_references_and_footnotes_stand_in_the_appendix(page: Page) -> None:
    appendix = page("part/elements.html").one(id="quarto-appendix")
    assert "Literate Programming" in appendix.one(id="quarto-bibliography").text
    assert "The note." in appendix.one(id="footnotes").text
    link = page("part/elements.html").one(cls="citation").one(tag="a")
    assert link.attributes["href"] == "#ref-knuth1984"


def test_other_formats(page: Page) -> None:
    assert (
        page("index.html").one(cls="quarto-alternate-formats").one(tag="a").attributes["href"]
        == "summary.pdf"
    )


RESOURCES = "type: website\n  resources: [{}]"


def test_resources_match_at_any_depth_unless_anchored(small: Callable[..., Path]) -> None:
    def published(pattern: str) -> list[str]:
        root = small("text\n", CONFIG.replace("type: website", RESOURCES.format(pattern)), numbers__json="1")
        for folder in ("deep/er", "_kept", ".hidden", "deep/fonts"):
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / "numbers.json").write_text("2", "utf-8")
        shutil.rmtree(root / "_site", ignore_errors=True)
        site = press.render(root)
        return sorted(path.relative_to(site).as_posix() for path in site.rglob("numbers.json"))

    assert published("/numbers.json") == ["numbers.json"]
    assert published("numbers.json") == ["deep/er/numbers.json", "deep/fonts/numbers.json", "numbers.json"]
    assert published("fonts/") == ["deep/fonts/numbers.json"]
    assert published("/fonts/") == []


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("true", [("Typst", "index.pdf")]),
        ("false", []),
        ("[html]", []),
        ("[typst]", [("Typst", "index.pdf")]),
        ("[{href: data.txt, text: Data, icon: table}, html]", [("Data", "data.txt")]),
        ("[{format: typst, text: PDF}, html]", [("PDF", "index.pdf")]),
        # No plain name in the list: Quarto adds every other format once more.
        ("[{href: data.txt, text: Data}]", [("Data", "data.txt"), ("Typst", "index.pdf")]),
    ],
)
def test_format_links_choose_and_rename(
    small: Callable[..., Path], links: str, expected: list[tuple[str, str]]
) -> None:
    formats = "format:\n  html:\n    format-links: " + links + "\n  typst: default\n"
    site = press.render(small(f"---\ntitle: A\n{formats}---\n\ntext\n", data__txt="x"))
    boxes = parse((site / "index.html").read_text("utf-8")).all(cls="quarto-alternate-formats")
    assert [(link.text, link.attributes["href"]) for box in boxes for link in box.all("a")] == expected
    assert all((site / name).is_file() for _, name in expected)


def test_citations_follow_the_language(small: Callable[..., Path]) -> None:
    book = "@article{one, title={Paper}, author={A, B}, journal={Journal}, year={1999}}\n"
    page = "---\nlang: %s\n---\n\n[@one]\n"
    config = CONFIG + "bibliography: refs.bib\n"

    def listed(language: str) -> str:
        site = press.render(small(page % language, config, refs__bib=book))
        return parse((site / "index.html").read_text("utf-8")).one(id="quarto-bibliography").text

    assert "\u2018Paper\u2019" in listed("en-GB")
    assert "\u201cPaper.\u201d" in listed("en-US")


def test_pdf(site: Path) -> None:
    reader = pypdf.PdfReader(site / "summary.pdf")
    assert len(reader.pages) == 2
    width, height = (float(length) for length in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)
    text = "\n".join(sheet.extract_text() for sheet in reader.pages).replace("\xa0", " ")
    for expected in (
        "Home: summary",
        "1 A section",
        "Only in print.",
        "Figure 1:",
        "Table 1:",
        "A note",
        "References",
    ):
        assert expected in text
    assert "Only on the web." not in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Home: summary"
    assert reader.metadata.author == "A. Author"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"


def test_search_index_and_sitemap(site: Path) -> None:
    entry = json.loads((site / "pagefind" / "pagefind-entry.json").read_text("utf-8"))
    assert sum(language["page_count"] for language in entry["languages"].values()) == 3
    assert "<loc>https://example.org/demo/part/cells.html</loc>" in (site / "sitemap.xml").read_text("utf-8")
