"""Rewrites the parsed page: conditional content, callouts, tabsets, layouts, links."""

from __future__ import annotations

import re
from itertools import count
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

import panflute as pf

from press import dialect
from press.markup import framed
from press.pandoc import parse
from press.project import Project
from press.source import Page


class Filter:
    """All filters for one page and one format, in the order in which they must run."""

    def __init__(self, project: Project, page: Page, fmt: str) -> None:
        self.project = project
        self.page = page
        self.fmt = fmt
        self.callouts = count(1)
        self.tabsets = count(1)

    def apply(self, document: pf.Doc) -> pf.Doc:
        """Run every filter over the document."""
        return document.walk(self.conditional).walk(self.blocks).walk(self.link)

    def conditional(self, element: pf.Element, _: pf.Doc) -> object:
        """Drop or unwrap `.content-visible` and `.content-hidden`; the format `html:js` is `html`."""
        if not isinstance(element, (pf.Div, pf.Span)) or not element.classes:
            return None
        hide = "content-hidden" in element.classes
        if not hide and "content-visible" not in element.classes:
            return None
        when = element.attributes.pop("when-format", self.fmt).split(":")[0] == self.fmt
        unless = element.attributes.pop("unless-format", "").split(":")[0] == self.fmt
        if (when and not unless) == hide:
            return []
        element.classes = [name for name in element.classes if not name.startswith("content-")]
        return None if element.classes or element.identifier else list(element.content)

    def blocks(self, element: pf.Element, _: pf.Doc) -> object:
        """Callouts, tabsets, layouts, tables; unknown reserved classes are errors."""
        if isinstance(element, pf.RawBlock) and element.format == "html" and self.fmt == "typst":
            return self.html_table(element.text)
        if isinstance(element, pf.Table) and self.fmt == "html":
            element.classes += ["caption-top", "table"]
        if not isinstance(element, pf.Div):
            return None
        self.check(element)
        kind = next((name for name in element.classes if name.startswith("callout-")), "")
        if kind:
            return self.callout(element, kind.removeprefix("callout-"))
        if "panel-tabset" in element.classes:
            return self.tabset(element)
        if "layout-ncol" in element.attributes and dialect.kind(element.identifier) not in dialect.FLOATS:
            element.content = self.layout(list(element.content), element.attributes.pop("layout-ncol"))
        return None

    def check(self, div: pf.Div) -> None:
        """Raise for a class or attribute that Quarto gives a meaning to and this dialect does not."""
        for name in div.classes:
            foreign = name in dialect.FOREIGN_DIV_CLASSES or name.startswith(dialect.FOREIGN_DIV_PREFIXES)
            if foreign and name not in dialect.DIV_CLASSES:
                raise self.page.error(f"div class '{name}' is outside the dialect", f".{name}")
        for name in div.attributes:
            if name in dialect.FOREIGN_DIV_ATTRIBUTES:
                raise self.page.error(f"div attribute '{name}' is outside the dialect", f"{name}=")
        if dialect.kind(div.identifier) in dialect.FOREIGN_REFERENCES:
            label = f"#{div.identifier}"
            raise self.page.error(f"'{label}' is of a kind outside the dialect", label)

    def html_table(self, text: str) -> list[pf.Block] | None:
        """For Typst, a table that came as HTML, read into the document."""
        if "<table" not in text.lower() or "data-quarto-disable-processing" in text:
            return None
        return list(parse(text, "html").content)

    def callout(self, div: pf.Div, kind: str) -> list[pf.Block]:
        """A callout: its title is the attribute, the first heading or its kind."""
        word, colour, tint = dialect.CALLOUTS[kind]
        content = list(div.content)
        title: list[pf.Inline] = [pf.Str(word)]
        if "title" in div.attributes:
            title = list(parse(div.attributes["title"]).content[0].content)
        elif content and isinstance(content[0], pf.Header):
            title = list(content.pop(0).content)
        return framed(
            "callout",
            self.fmt,
            [[pf.Plain(*title)], content],
            div=div,
            kind=kind,
            colour=colour,
            tint=tint,
            number=next(self.callouts),
        )

    def tabset(self, div: pf.Div) -> list[pf.Block]:
        """Tabs from the headings of a `.panel-tabset`; plain headings in Typst."""
        if self.fmt != "html":
            return list(div.content)
        first = next((block for block in div.content if isinstance(block, pf.Header)), None)
        if first is None:
            raise self.page.error("a tabset needs a heading for each tab", ".panel-tabset")
        titles: list[list[pf.Block]] = []
        bodies: list[list[pf.Block]] = []
        for block in div.content:
            if isinstance(block, pf.Header) and block.level == first.level:
                titles.append([pf.Plain(*block.content)])
                bodies.append([])
            elif bodies:
                bodies[-1].append(block)
        group = div.attributes.get("group")
        return framed("tabset", self.fmt, titles + bodies, number=next(self.tabsets), group=group)

    def layout(self, blocks: list[pf.Block], columns: str) -> list[pf.Block]:
        """Blocks side by side, `columns` to a row."""
        if not columns.isdigit() or columns == "0":
            raise self.page.error("layout-ncol needs a number of columns", "layout-ncol")
        return framed("layout", self.fmt, [[block] for block in blocks], columns=int(columns))

    def link(self, element: pf.Element, _: pf.Doc) -> object:
        """Check a link or image; in Typst, point page links to the published site."""
        if not isinstance(element, (pf.Link, pf.Image)):
            return None
        picture = isinstance(element, pf.Image)
        if picture and self.fmt == "html":
            element.classes.append("img-fluid")
        if picture and "fig-alt" in element.attributes:
            element.attributes["alt"] = element.attributes.pop("fig-alt")
        url = re.split("[#?]", element.url)[0]
        if not url or re.match(r"[a-z][a-z0-9+.-]*:|//", url):
            return None
        path = resolve(self.page.path, url)
        there = (self.project.root / path).is_file() or "_files/figure-" in path
        if path not in self.project.pages and (path.endswith(".qmd") or (picture and not there)):
            raise self.page.error(f"{url} does not exist", url)
        if self.fmt == "html":
            return None
        if picture:
            return typst_image(element, path)
        site = self.project.website.get("site-url", "").rstrip("/")
        element.url = f"{site}/{published(path)}{element.url[len(url) :]}"
        return None if site else list(element.content)


def resolve(page: str, url: str) -> str:
    """A link on a page as a path from the project's root."""
    url = unquote(url)
    return normpath(url.lstrip("/") if url.startswith("/") else f"{PurePosixPath(page).parent}/{url}")


def published(path: str) -> str:
    """Where a source file appears in the site."""
    return path.removesuffix(".qmd") + ".html" if path.endswith(".qmd") else path


def typst_image(image: pf.Image, path: str) -> pf.RawInline:
    """An image with its alternative text, which pandoc's Typst writer leaves out."""
    alternative = image.attributes.get("alt") or pf.stringify(image)
    name, text = (part.replace("\\", "\\\\").replace('"', '\\"') for part in (f"/{path}", alternative))
    lengths = {side: image.attributes.get(side, "").removesuffix("px") for side in ("width", "height")}
    sizes = "".join(f", {side}: {it}" for side, it in lengths.items() if it and not it.isdigit())
    return pf.RawInline(f'#box(image("{name}", alt: "{text}"{sizes}))', "typst")
