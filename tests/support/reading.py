"""Read rendered pages without a browser."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TEXT_OF = {"h1", "h2", "h3", "h4", "th", "td", "figcaption", "caption", "p", "li"}
CODE = {"script", "style", "template"}
# Quarto links a light and a dark sheet by the same id.
TWO_SHEETS = {"quarto-bootstrap", "quarto-text-highlighting-styles"}


@dataclass
class Element:
    """One element with its attributes, its text and what it lies in."""

    tag: str
    attributes: dict[str, str]
    inside: tuple[Element, ...]
    text: str = ""

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def within(self, *names: str) -> bool:
        """Whether an element around this one has one of these tags, ids or classes."""
        return any(
            parent.tag in names or parent.attributes.get("id") in names or parent.classes & set(names)
            for parent in self.inside
        )


@dataclass
class Document:
    """A parsed page."""

    file: Path
    elements: list[Element] = field(default_factory=list)

    def tagged(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def classed(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.classes]

    def content(self, *tags: str) -> list[Element]:
        """Elements of the main text."""
        return [element for element in self.tagged(*tags) if element.within("quarto-document-content")]

    @cached_property
    def anchors(self) -> set[str]:
        return {
            element.attributes[key]
            for element in self.elements
            for key in ("id", "name")
            if element.attributes.get(key)
        }

    @property
    def addresses(self) -> list[str]:
        """Every address the page links to or loads."""
        return [
            element.attributes[key]
            for element in self.elements
            for key in ("href", "src")
            if element.attributes.get(key)
        ]


class _Reader(HTMLParser):
    def __init__(self, document: Document) -> None:
        super().__init__(convert_charrefs=True)
        self.document = document
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs}, tuple(self.open))
        self.document.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1].tag in CODE:
            return
        for element in self.open:
            if element.tag in TEXT_OF or element.attributes.get("class") == "traced":
                element.text += data


def repeated_ids(page: Document) -> list[str]:
    """Ids that stand on more than one element, but for the two that Quarto gives both its style sheets."""
    ids = Counter(
        (element.attributes["id"], element.tag if element.attributes["id"] in TWO_SHEETS else "")
        for element in page.elements
        if element.attributes.get("id")
    )
    return sorted(one for (one, tag), count in ids.items() if count > (2 if tag == "link" else 1))


@cache
def read(file: Path) -> Document:
    """Parse a page once."""
    document = Document(file)
    _Reader(document).feed(file.read_text(encoding="utf-8"))
    for element in document.elements:
        element.text = re.sub(r"\s+", " ", element.text).strip()
    return document
