"""Rewrites the parsed page: conditional content, callouts, tabsets, layouts, links."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

import panflute as pf

from press import dialect
from press.markup import framed
from press.pandoc import parse
from press.source import Page

# What to do with elements of a kind: a rule returns what replaces the element, or `None` to keep it.
Rules = dict[type, Callable[[pf.Element], object]]


class Filter:
    """Rules for one page and one format."""

    def __init__(self, page: Page, fmt: str) -> None:
        self.project = page.project
        self.page = page
        self.fmt = fmt
        self.callouts = count(1)

    def steps(self) -> list[Rules]:
        """The rules in the order in which they must run."""
        return [
            {pf.Div: self.conditional, pf.Span: self.conditional},
            {pf.Div: self.div, pf.Span: self.known, pf.CodeBlock: self.known},
            {pf.Table: self.table, pf.RawBlock: self.raw},
            {pf.Link: self.link, pf.Image: self.image},
        ]

    def apply(self, document: pf.Doc) -> pf.Doc:
        """Run every rule over the document, inner elements before outer ones."""
        for rules in self.steps():

            def action(element: pf.Element, _: pf.Doc, rules: Rules = rules) -> object:
                return rules[type(element)](element) if type(element) in rules else None

            document = document.walk(action)
        return document

    def conditional(self, element: pf.Div | pf.Span) -> object:
        """Drop or unwrap `.content-visible` and `.content-hidden`; the format `html:js` is `html`."""
        hide = "content-hidden" in element.classes
        if not hide and "content-visible" not in element.classes:
            return None
        when = element.attributes.pop("when-format", self.fmt).split(":")[0] == self.fmt
        unless = element.attributes.pop("unless-format", "").split(":")[0] == self.fmt
        if (when and not unless) == hide:
            return []
        element.classes = [name for name in element.classes if not name.startswith("content-")]
        return None if element.classes or element.identifier else list(element.content)

    def table(self, table: pf.Table) -> None:
        """Class names of Quarto."""
        table.classes += ["caption-top", "table"] if self.fmt == "html" else []

    def raw(self, block: pf.RawBlock) -> list[pf.Block] | None:
        """For Typst, a table that came as HTML, read into the document."""
        foreign = block.format == "html" and self.fmt == "typst" and "<table" in block.text.lower()
        if not foreign or "data-quarto-disable-processing" in block.text:
            return None
        return list(parse(block.text, "html").content)

    def known(self, element: pf.Div | pf.Span | pf.CodeBlock) -> None:
        """Refuse classes, attributes and labels that mean something in Quarto and nothing here."""
        for name in element.classes:
            foreign = name in dialect.FOREIGN_DIV_CLASSES or name.startswith(dialect.FOREIGN_DIV_PREFIXES)
            if foreign and name not in dialect.DIV_CLASSES:
                raise self.page.error(f"class '{name}' is outside the dialect", f".{name}")
        for name in element.attributes:
            if name in dialect.FOREIGN_DIV_ATTRIBUTES:
                raise self.page.error(f"attribute '{name}' is outside the dialect", f"{name}=")
        label = f"#{element.identifier}"
        if dialect.kind(element.identifier) in dialect.FOREIGN_REFERENCES:
            raise self.page.error(f"'{label}' is of a kind outside the dialect", label)

    def div(self, div: pf.Div) -> list[pf.Block] | None:
        """Callouts and layouts."""
        self.known(div)
        for kind in dialect.CALLOUTS:
            if f"callout-{kind}" in div.classes:
                return self.callout(div, kind)
        if "layout-ncol" in div.attributes and dialect.kind(div.identifier) not in dialect.FLOATS:
            div.content = self.layout(div)
        return None

    def callout(self, div: pf.Div, kind: str) -> list[pf.Block]:
        """A callout: its title is the attribute, the first heading or its kind."""
        if div.attributes.get("appearance", "default") not in {"default", "simple"}:
            raise self.page.error("a callout's appearance can only be default or simple here", "appearance=")
        word, colour, tint = dialect.CALLOUTS[kind]
        content = list(div.content)
        title: list[pf.Inline] = [pf.Str(word)]
        if "title" in div.attributes:
            title = list(parse(div.attributes["title"]).content[0].content)
        elif content and isinstance(content[0], pf.Header):
            title = list(content.pop(0).content)
        values = {"div": div, "kind": kind, "colour": colour, "tint": tint, "number": next(self.callouts)}
        return framed("callout", self.fmt, [[pf.Plain(*title)], content], **values)

    def layout(self, div: pf.Div) -> list[pf.Block]:
        """The blocks of a div side by side, `layout-ncol` to a row."""
        columns = div.attributes.pop("layout-ncol")
        if not columns.isdigit() or columns == "0":
            raise self.page.error("layout-ncol needs a number of columns", "layout-ncol")
        return framed("layout", self.fmt, [[block] for block in div.content], columns=int(columns))

    def link(self, link: pf.Link) -> list[pf.Inline] | None:
        """In Typst, point a link to the published site, or keep its text when there is none."""
        path = self.target(link)
        if self.fmt == "html" or not path:
            return None
        site = self.project.website.get("site-url", "").rstrip("/")
        link.url = site + "/" + published(path) + "".join(re.findall("[#?].*", link.url))
        return None if site else list(link.content)

    def image(self, image: pf.Image) -> pf.RawInline | None:
        """Alternative text from `fig-alt`; in Typst, where pandoc leaves it out, the whole image."""
        path = self.target(image)
        if "fig-alt" in image.attributes:
            image.attributes["alt"] = image.attributes.pop("fig-alt")
        if self.fmt == "html":
            image.classes.append("img-fluid")
        if self.fmt == "html" or not path:
            return None
        alternative = image.attributes.get("alt") or pf.stringify(image)
        name, text = (part.replace("\\", "\\\\").replace('"', '\\"') for part in (f"/{path}", alternative))
        lengths = {side: image.attributes.get(side, "").removesuffix("px") for side in ("width", "height")}
        sizes = "".join(f", {side}: {it}" for side, it in lengths.items() if it and not it.isdigit())
        return pf.RawInline(f'#box(image("{name}", alt: "{text}"{sizes}))', "typst")

    def target(self, element: pf.Link | pf.Image) -> str:
        """Where a link or image leads to in the project, checked; empty when it leads elsewhere."""
        url = re.split("[#?]", element.url)[0]
        if not url or re.match(r"[a-z][a-z0-9+.-]*:|//", url):
            return ""
        path = resolve(self.page.path, url)
        there = (self.project.root / path).is_file() or "_files/figure-" in path
        missing = path.endswith(".qmd") or (isinstance(element, pf.Image) and not there)
        if missing and path not in self.project.pages:
            raise self.page.error(f"{url} does not exist", url)
        return path


def resolve(page: str, url: str) -> str:
    """A link on a page as a path from the project's root."""
    url = unquote(url)
    return normpath(url.lstrip("/") if url.startswith("/") else f"{PurePosixPath(page).parent}/{url}")


def published(path: str) -> str:
    """Where a source file appears in the site."""
    return path.removesuffix(".qmd") + ".html" if path.endswith(".qmd") else path
