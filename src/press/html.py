"""Writes a page as HTML, in one run of pandoc over its content and its frame."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import panflute as pf

from press import pandoc
from press.filters import Filter, address
from press.navigation import Navigation, other_formats
from press.project import Meta, as_list
from press.source import Page

TEMPLATE = Path(__file__).parent / "templates" / "page.html"
REFERENCES = """<div id="quarto-appendix" class="default">
<section class="quarto-appendix-contents" role="doc-bibliography" id="quarto-bibliography"
 aria-labelledby="references-heading">
<h2 class="anchored quarto-appendix-heading" id="references-heading">References</h2>"""


def render(page: Page, markdown: str, navigation: Navigation) -> tuple[str, set[str]]:
    """A complete page, and the project files it needs beside it."""
    meta, rules = page.metadata("html"), Filter(page, "html")
    texts = [str(meta.get("title", "")), str(meta.get("subtitle", "")), *navigation.texts]
    document = rules.apply(pandoc.parse(page, markdown, texts))
    said: dict[str, Any] = dict(zip(texts, document.metadata["texts"].content, strict=True))
    blocks, others = sections(list(document.content)), other_formats(page)
    toc = contents(blocks, meta.get("toc-depth", 3)) if meta.get("toc") else []
    if rules.cites:
        # Citeproc fills the div.
        blocks += [pf.RawBlock(REFERENCES), pf.Div(identifier="refs"), pf.RawBlock("</section>\n</div>")]
    document.content = blocks
    document.metadata = {
        **frame(page, said),
        **navigation.of(page, said),
        "link-citations": True,
        "title": said[texts[0]],
        "subtitle": said[texts[1]],
        "contents": pf.MetaBlocks(*toc),
        "toc-title": str(meta.get("toc-title", "On this page")),
        "formats": others,
        "aside": bool(toc or others),
    }
    options = ["--mathml", "--email-obfuscation=none", f"--template={TEMPLATE}"]
    options += [f"--include-after-body={file}" for file in page.project.named(meta.get("include-after-body"))]
    text = pandoc.write(page, document, "html", *options)
    Check(page).feed(text)
    return text, rules.needed


def frame(page: Page, said: dict[str, Any]) -> Meta:
    """What the head of a page says, and where its style sheets and its icon are."""
    project, meta = page.project, page.metadata("html")
    website = project.website
    # Where the page is known from outside: nothing where that is not known.
    site, repository = (str(website.get(key, "")).rstrip("/") for key in ("site-url", "repo-url"))
    card = (website.get("open-graph") or {}).get("image")
    names = [str(meta.get("title", "")), str(project.website.get("title", ""))]
    titles = [pf.stringify(said[name]) for name in names if name]
    styles = [it.lstrip("/") for it in as_list(meta.get("css"))]
    return {
        "lang": project.config.get("lang", "en"),
        "pagetitle": " – ".join(dict.fromkeys(titles)),
        "site-title": said[names[1]],
        "site-name": pf.stringify(said[names[1]]) if names[1] else "",
        "description": str(meta.get("description-meta") or project.website.get("description", "")),
        "offset": address(".", page.path) + "/",
        "home": address("index.html", page.path),
        "icon": [address(name.lstrip("/"), page.path) for name in as_list(project.website.get("favicon"))],
        "styles": [address(name, page.path) for name in styles],
        "repository": repository,
        "source": repository and website.get("repo-actions") and f"{repository}/blob/main/{page.path}",
        "canonical": site and f"{site}/{address(page.path, '.')}",
        "card": site and card and f"{site}/{card}",
    }


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
        link = given.get("href") or given.get("src", "")
        if ":" not in link and (".qmd" in link or re.match("/[^/]", link)):
            message = f"raw HTML links to {link}; write the link in Markdown, or to .html from this folder"
            raise self.page.error(message, link)
