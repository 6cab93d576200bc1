"""Writes a page as HTML, in one run of pandoc over its content and its frame."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import panflute as pf

from press import pandoc
from press.filters import Filter, address
from press.navigation import Navigation, other_formats
from press.project import as_list
from press.source import Page

TEMPLATE = Path(__file__).parent / "templates" / "page.html"
REFERENCES = """<div id="quarto-appendix" class="default">
<section class="quarto-appendix-contents" role="doc-bibliography" id="quarto-bibliography"
 aria-labelledby="references-heading">
<h2 class="anchored quarto-appendix-heading" id="references-heading">References</h2>"""


def render(page: Page, markdown: str, navigation: Navigation) -> tuple[str, set[str]]:
    """A complete page, and the project files it needs beside it."""
    project, meta, rules = page.project, page.metadata("html"), Filter(page, "html")
    own = [str(meta.get(key, "")) for key in ("title", "subtitle")]
    texts = [*own, *navigation.texts]
    document = rules.apply(pandoc.parse(page, markdown, texts))
    said: dict[str, Any] = dict(zip(texts, document.metadata["texts"].content, strict=True))
    titles = [pf.stringify(said[text]) for text in (own[0], navigation.texts[0])]
    blocks = sections(list(document.content))
    others = other_formats(page)
    toc = contents(blocks, meta.get("toc-depth", 3)) if meta.get("toc") else []
    if rules.cites:
        # Citeproc fills the div.
        blocks += [pf.RawBlock(REFERENCES), pf.Div(identifier="refs"), pf.RawBlock("</section>\n</div>")]
    document.content = blocks
    document.metadata = {
        **navigation.of(page, said),
        "lang": project.config.get("lang", "en"),
        "link-citations": True,
        "pagetitle": " – ".join(dict.fromkeys(title for title in titles if title)),
        "title": said[own[0]],
        "subtitle": said[own[1]],
        "site-title": said[navigation.texts[0]],
        "description": str(meta.get("description-meta") or project.website.get("description", "")),
        "offset": address(".", page.path) + "/",
        "home": address("index.html", page.path),
        "icon": [address(name, page.path) for name in as_list(project.website.get("favicon"))],
        "styles": [
            address(str(file.relative_to(project.root)), page.path) for file in project.named(meta.get("css"))
        ],
        "contents": pf.MetaBlocks(*toc),
        "toc-title": str(meta.get("toc-title", "On this page")),
        "formats": others,
        "aside": bool(toc or others),
    }
    included = [f"--include-after-body={file}" for file in project.named(meta.get("include-after-body"))]
    text = pandoc.write(
        page, document, "html", "--mathml", "--email-obfuscation=none", f"--template={TEMPLATE}", *included
    )
    Check(page).feed(text)
    return text, rules.needed


def sections(blocks: list[pf.Block]) -> list[pf.Block]:
    """Blocks in sections, one for each heading, which gets a link to itself."""
    root = pf.Div()
    within = [(1, root)]
    for block in blocks:
        if isinstance(block, pf.Header):
            while within[-1][0] >= block.level:
                within.pop()
            name, classes = block.identifier, ["section", f"level{block.level}", *block.classes]
            # The empty block keeps pandoc from giving the section what its heading has.
            section = pf.Div(pf.RawBlock(""), identifier=name, classes=classes)
            within[-1][1].content.append(section)
            within.append((block.level, section))
            label = f"Link to section: {pf.stringify(block)}"
            link = pf.Link(url=f"#{name}", classes=["anchorjs-link"], attributes={"aria-label": label})
            block.content.append(link)
            block.identifier, block.attributes = "", {"data-anchor-id": name}
            block.classes.append("anchored")
        within[-1][1].content.append(block)
    return list(root.content)


def contents(blocks: list[pf.Block], depth: int) -> list[pf.Block]:
    """The table of contents: a list of links to sections, down to a level of headings."""
    items = []
    for section in blocks:
        if not isinstance(section, pf.Div) or "section" not in section.classes:
            continue
        header, url = section.content[1], f"#{section.identifier}"
        if header.level <= depth:
            link = pf.Link(*list(header.content)[:-1], url=url, identifier=f"toc-{section.identifier}")
            link.classes, link.attributes = ["nav-link"], {"data-scroll-target": url}
            items.append(pf.ListItem(pf.Plain(link), *contents(list(section.content), depth)))
    return [pf.BulletList(*items)] if items else []


class Check(HTMLParser):
    """Finds in a finished page what raw HTML can have brought: repeated ids, links to sources."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        given = {name: value or "" for name, value in attrs}
        if (name := given.get("id")) in self.ids:
            raise self.page.error(f"id '{name}' is used more than once on this page", name)
        self.ids |= {name} if name else set()
        if ".qmd" in (href := given.get("href", "")) and ":" not in href:
            raise self.page.error(
                f"raw HTML links to {href}; link to .html, or write the link in Markdown", href
            )
