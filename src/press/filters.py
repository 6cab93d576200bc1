"""Rewrites the parsed page: conditional content, callouts, numbered figures and tables, references, links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import PurePosixPath
from posixpath import normpath, relpath
from typing import Any
from urllib.parse import unquote

import panflute as pf

from press import dialect, pandoc
from press.source import Page

NBSP = "\u00a0"
REFUSED = {pf.Image: ("images are", "!["), pf.Note: ("footnotes are", "[^")}
TOGGLE = "callout-btn-toggle d-inline-block border-0 py-1 ps-1 pe-0 float-end"
CHECKED = (pf.Div, pf.Span, pf.Code, pf.CodeBlock, pf.Table, pf.Image, pf.Note)
Rules = dict[type, Callable[[Any], object]]


class Filter:
    """The rules for one page and one format; `needed` collects the project's files that it links to."""

    def __init__(self, page: Page, fmt: str) -> None:
        self.page = page
        self.fmt = fmt
        self.needed: set[str] = set()
        self.cites = False
        self.numbers: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.callouts = count(1)

    def apply(self, document: pf.Doc) -> pf.Doc:
        """Run the rules, inner elements before outer ones; what refers comes after what it refers to."""
        steps: list[Rules] = [
            {pf.Div: self.conditional, pf.Span: self.conditional},
            {**dict.fromkeys(CHECKED, self.check), pf.Header: self.heading, pf.RawBlock: self.raw},
            {pf.Div: self.div, pf.Link: self.link, pf.Table: self.table},
            {pf.Cite: self.refer},
        ]
        for rules in steps:

            def action(element: pf.Element, _: pf.Doc, rules: Rules = rules) -> object:
                return rules[type(element)](element) if type(element) in rules else None

            document = document.walk(action)
        return document

    def conditional(self, element: pf.Div | pf.Span) -> object:
        """Drop or unwrap `.content-visible` and `.content-hidden`; the format `html:js` is `html`."""
        hide = "content-hidden" in element.classes
        if not hide and "content-visible" not in element.classes:
            return None
        self.check(element)
        when = element.attributes.pop("when-format", self.fmt).split(":")[0] == self.fmt
        unless = element.attributes.pop("unless-format", "").split(":")[0] == self.fmt
        if (when and not unless) == hide:
            return []
        element.classes = [name for name in element.classes if not name.startswith("content-")]
        return None if element.classes or element.identifier else list(element.content)

    def check(self, element: pf.Element) -> None:
        """Refuse elements, classes, attributes and labels that mean something in Quarto and nothing here."""
        if type(element) in REFUSED:
            what, near = REFUSED[type(element)]
            raise self.page.error(f"{what} outside the dialect", near)
        for name in element.classes:
            foreign = name in dialect.FOREIGN_CLASSES or name.startswith(dialect.FOREIGN_PREFIXES)
            if foreign and name not in dialect.CLASSES:
                raise self.page.error(f"class '{name}' is outside the dialect", f".{name}")
        for name in element.attributes:
            if name in dialect.FOREIGN_ATTRIBUTES:
                raise self.page.error(f"attribute '{name}' is outside the dialect", f"{name}=")
        label, kind, above = f"#{element.identifier}", dialect.kind(element.identifier), element.parent
        foreign = kind in dialect.FOREIGN_KINDS and not isinstance(element, pf.Header)
        if foreign or (kind in dialect.FLOATS and not isinstance(element, pf.Div)):
            raise self.page.error(f"'{label}' is of a kind outside the dialect", label)
        while above and kind in dialect.FLOATS:
            if dialect.kind(getattr(above, "identifier", "")) in dialect.FLOATS:
                message = f"'{label}' inside '#{above.identifier}': sub-figures are outside the dialect"
                raise self.page.error(message, label)
            above = above.parent

    def heading(self, header: pf.Header) -> None:
        """Headings make the sections of the page, below its title."""
        self.check(header)
        if header.level == 1:
            message = "the page title is the only first-level heading; start sections with ##"
            raise self.page.error(message, "# ")
        if not isinstance(header.parent, pf.Doc):
            raise self.page.error("a heading inside a block is outside the dialect", pf.stringify(header))

    def raw(self, block: pf.RawBlock) -> None:
        """Quarto would read a table of raw HTML into the PDF, unless it says that it must not."""
        table = self.fmt == "typst" and block.format == "html" and "<table" in block.text.lower()
        if table and "data-quarto-disable-processing" not in block.text:
            raise self.page.error("a table of raw HTML is outside the dialect in Typst", "<table")

    def table(self, table: pf.Table) -> None:
        """Class names of Quarto."""
        table.classes += ["caption-top", "table"] if self.fmt == "html" else []

    def div(self, div: pf.Div) -> object:
        """Callouts, and what has a label."""
        named = [name for name in div.classes if name in dialect.CALLOUTS]
        if named:
            return self.callout(div, named[0])
        return self.float(div) if dialect.kind(div.identifier) in dialect.FLOATS else None

    def callout(self, div: pf.Div, name: str) -> pf.Div:
        """A callout with a title, perhaps folded."""
        title, folded = div.attributes.pop("title", ""), div.attributes.pop("collapse", "")
        if self.fmt == "typst":
            raise self.page.error("callouts are outside the dialect in Typst", f".{name}")
        if not title:
            raise self.page.error('a callout needs a title="..." here', f".{name}")
        if folded not in {"", "true"}:
            raise self.page.error("collapse can only be true here", "collapse=")
        for other in div.attributes:
            raise self.page.error(f"attribute '{other}' is outside the dialect", f"{other}=")
        words = pf.Plain(*pandoc.parse(self.page, title, []).content[0].content)
        body = pf.Div(*div.content, classes=["callout-body-container", "callout-body"])
        header = pf.Div(
            pf.Div(_icon("callout-icon"), classes=["callout-icon-container"]),
            pf.Div(words, classes=["callout-title-container", "flex-fill"]),
            classes=["callout-header", "d-flex", "align-content-center"],
        )
        if folded:
            number = f"callout-{next(self.callouts)}"
            header.classes.append("collapsed")
            header.attributes = {"role": "button", "tabindex": "0", "data-bs-toggle": "collapse"}
            header.attributes |= {"data-bs-target": f".{number}-contents", "aria-controls": number}
            header.attributes["aria-expanded"] = "false"
            header.content.append(pf.Div(_icon("callout-toggle"), classes=TOGGLE.split()))
            classes = [f"{number}-contents", "callout-collapse", "collapse"]
            body = pf.Div(body, identifier=number, classes=classes)
        others = [other for other in div.classes if other != name]
        classes = ["callout", "callout-style-default", name, "callout-titled", *others]
        return pf.Div(header, body, identifier=div.identifier, classes=classes)

    def float(self, div: pf.Div) -> list[pf.Block]:
        """A numbered figure or table: a div whose last paragraph is its caption."""
        name, kind = div.identifier, dialect.kind(div.identifier)
        if name in self.numbers:
            raise self.page.error(f"label '{name}' is used twice", name)
        last = div.content[-1] if div.content else None
        if not isinstance(last, pf.Para):
            raise self.page.error(f"'{name}' needs a last paragraph, its caption", name)
        div.content.pop()
        self.counts[kind] += 1
        word, number = dialect.FLOATS[kind], str(self.counts[kind])
        self.numbers[name] = f"{word}{NBSP}{number}"
        place = "top" if kind == "tbl" else "bottom"
        if self.fmt == "typst":
            kinds = f'kind: "quarto-float-{kind}", supplement: "{word}")<{name}>'
            start = pf.RawBlock("#figure([", "typst")
            middle = pf.RawBlock(f"], caption: figure.caption(position: {place}, [", "typst")
            end = pf.RawBlock(f"]), {kinds}", "typst")
            return [start, *div.content, middle, pf.Plain(*last.content), end]
        inner = f"quarto-float-caption-{place} quarto-float-caption quarto-float-{kind}"
        caption = [
            pf.RawBlock(f'<figcaption class="{inner}" id="{name}-caption">'),
            pf.Plain(pf.Str(f"{self.numbers[name]}: "), *last.content),
            pf.RawBlock("</figcaption>"),
        ]
        content = [pf.Div(*div.content, attributes={"aria-describedby": f"{name}-caption"})]
        start = pf.RawBlock(f'<figure class="quarto-float quarto-float-{kind} figure">')
        parts = [*caption, *content] if kind == "tbl" else [*content, *caption]
        div.content = [start, *parts, pf.RawBlock("</figure>")]
        div.classes = ["quarto-float", "quarto-figure", "quarto-figure-center", "anchored", *div.classes]
        return [div]

    def refer(self, cite: pf.Cite) -> pf.Inline | None:
        """Replace a citation of a label by a link; leave real citations to citeproc."""
        labels = [it for it in cite.citations if dialect.kind(it.id.lower()) in dialect.FLOATS]
        names = [f"@{citation.id}" for citation in cite.citations]
        if foreign := [it for it in names if dialect.kind(it[1:].lower()) in dialect.FOREIGN_KINDS]:
            raise self.page.error(f"{foreign[0]} is of a kind outside the dialect", foreign[0])
        if not labels:
            self.cites = True
            if self.fmt == "typst":
                raise self.page.error("citations are outside the dialect in Typst", names[0])
            if not self.page.project.config.get("bibliography"):
                raise self.page.error(f"citation {names[0]}, but there is no bibliography", names[0])
            return None
        label = labels[0]
        if len(names) > 1 or label.prefix or label.suffix or label.mode == "SuppressAuthor":
            raise self.page.error(f"a cross-reference stands alone here: @{label.id}", f"@{label.id}")
        if label.id not in self.numbers:
            raise self.page.error(f"@{label.id} refers to nothing on this page", f"@{label.id}")
        if self.fmt == "typst":
            return pf.RawInline(f"#ref(<{label.id}>)", "typst")
        return pf.Link(pf.Str(self.numbers[label.id]), url=f"#{label.id}", classes=["quarto-xref"])

    def link(self, link: pf.Link) -> list[pf.Inline] | None:
        """Point a link to where things are in the site; on paper, only links out of it stay."""
        url = re.split("[#?]", link.url)[0]
        if not url or re.match(r"[a-z][a-z0-9+.-]*:|//", url):
            return None
        path, project = resolve(self.page.path, url), self.page.project
        if path.endswith(".qmd") and path not in project.pages:
            raise self.page.error(f"{url} does not exist", url)
        if self.fmt == "typst":
            return list(link.content)
        if path not in project.pages and (project.root / path).is_file():
            self.needed.add(path)
        link.url = address(path, self.page.path) + link.url[len(url) :]
        return None


def _icon(name: str) -> pf.Block:
    return pf.Plain(pf.RawInline(f'<i class="{name}" aria-hidden="true"></i>'))


def resolve(page: str, url: str) -> str:
    """A link on a page as a path from the project's root."""
    url = unquote(url)
    return normpath(url.lstrip("/") if url.startswith("/") else f"{PurePosixPath(page).parent}/{url}")


def address(path: str, page: str) -> str:
    """Where a source file, or anything else by its path from the root, is as seen from a page."""
    published = path.removesuffix(".qmd") + ".html" if path.endswith(".qmd") else path
    return relpath(published, PurePosixPath(page).parent)
