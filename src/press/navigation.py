"""Navigation as data for the templates: menus, breadcrumbs, previous and next page, other formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from press.errors import PressError
from press.project import Meta, Project, as_list
from press.source import Page

# Name and icon of the link to another format of a page.
FORMATS = {"typst": ("Typst", "file-pdf")}


@dataclass(frozen=True)
class Entry:
    """One line of a menu; `href` is a path from the project's root, a full address, or empty."""

    text: str
    href: str
    children: list[Entry]
    given: Meta

    def pages(self) -> Iterator[Entry]:
        """This entry and all below it that lead somewhere, in order."""
        if self.href:
            yield self
        for child in self.children:
            yield from child.pages()

    def trail(self, href: str) -> list[Entry]:
        """Entries from here down to `href`; empty when it is not here."""
        below = next((trail for child in self.children if (trail := child.trail(href))), [])
        return [self, *below] if below or self.href == href else []


class Navigation:
    """Menus of a project; `titles` gives the title of every page by its path."""

    def __init__(self, project: Project, titles: dict[str, str]) -> None:
        self.titles = titles
        self.file = project.root / "_quarto.yml"
        navbar = project.website.get("navbar") or {}
        self.left = self.entries(navbar.get("left"))
        self.right = self.entries(navbar.get("right"))
        self.sidebar = self.entries((project.website.get("sidebar") or {}).get("contents"))

    def entries(self, items: Any) -> list[Entry]:
        """Menu items as `_quarto.yml` gives them: pages, links, menus and sections."""
        return [self.entry({"href": item} if isinstance(item, str) else item) for item in as_list(items)]

    def entry(self, given: Meta) -> Entry:
        """One item."""
        href = given.get("href", "").lstrip("/")
        if href.endswith(".qmd") and href not in self.titles:
            raise PressError(f"the navigation names {href}, which is not a page", self.file, href)
        named = given.get("text") or given.get("section") or self.titles.get(href)
        text = named or ("" if "icon" in given else href)
        return Entry(text, href, self.entries(given.get("menu") or given.get("contents")), given)

    def trail(self, path: str) -> list[Entry]:
        """Breadcrumbs: sections down to the page."""
        return next((trail for top in self.sidebar if (trail := top.trail(path))), [])

    def neighbours(self, path: str) -> tuple[Entry | None, Entry | None]:
        """Previous and next page in the order of the sidebar."""
        order = [entry for top in self.sidebar for entry in top.pages() if entry.href in self.titles]
        place = next((index for index, entry in enumerate(order) if entry.href == path), None)
        if place is None:
            return None, None
        return order[place - 1] if place else None, order[place + 1] if place + 1 < len(order) else None


def other_formats(page: Page, files: dict[str, str]) -> list[Meta]:
    """Links to the other formats of a page, `files` by format: all of them, or those of `format-links`.

    As in Quarto, a list that names no format by a plain string is followed by all of them.
    """
    made = {
        fmt: dict(zip(("text", "icon"), FORMATS[fmt], strict=True), href=name) for fmt, name in files.items()
    }
    chosen = page.metadata("html").get("format-links", True)
    if isinstance(chosen, bool):
        return list(made.values()) if chosen else []
    links: list[Meta] = []
    for link in as_list(chosen):
        if isinstance(link, str):
            links += [made[link]] if link in made else []
        elif "text" not in link or ("href" in link) == ("format" in link):
            raise page.error("format-links needs text, and either href or format", "format-links")
        elif "href" in link:
            links.append({"icon": "file-earmark", **link})
        elif link["format"] in made:
            links.append({**made[link["format"]], **link})
        else:
            raise page.error(f"format-links: this page has no format '{link['format']}'", "format-links")
    named = any(isinstance(link, str) for link in as_list(chosen))
    return links if named else links + list(made.values())
