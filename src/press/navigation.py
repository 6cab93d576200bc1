"""Navigation as data for the templates: navbar, sidebar, breadcrumbs, previous and next page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from press.errors import PressError
from press.pandoc import run
from press.project import Meta, Project, as_list


@cache
def inline(text: str) -> str:
    """A line of Markdown, such as a title, as HTML without its paragraph."""
    return run(text, "-f", "markdown", "-t", "html").strip().removeprefix("<p>").removesuffix("</p>")


@cache
def plain(text: str) -> str:
    """A line of Markdown as plain text."""
    return run(text, "-f", "markdown", "-t", "plain").strip()


@dataclass(frozen=True)
class Entry:
    """One line of a menu; `href` is a path from the project's root, a full address, or empty."""

    text: str
    href: str = ""
    children: tuple[Entry, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def pages(self) -> Iterator[Entry]:
        """This entry and all below it that lead somewhere, in order."""
        if self.href:
            yield self
        for child in self.children:
            yield from child.pages()

    def holds(self, href: str) -> bool:
        """Whether `href` is here or below."""
        return any(entry.href == href for entry in self.pages())

    def trail(self, href: str) -> list[Entry]:
        """Entries from here down to `href`; empty when it is not here."""
        if not self.holds(href):
            return []
        return [self, *next((child.trail(href) for child in self.children if child.holds(href)), [])]


class Navigation:
    """Menus of a project; `titles` gives the title of every page by its path."""

    def __init__(self, project: Project, titles: dict[str, str]) -> None:
        self.titles = titles
        self.file = project.root / "_quarto.yml"
        navbar = project.website.get("navbar") or {}
        navbar = navbar if isinstance(navbar, dict) else {}
        self.left = self.entries(navbar.get("left"))
        self.right = self.entries(navbar.get("right"))
        sidebar = project.website.get("sidebar") or {}
        self.sidebar = self.entries(sidebar.get("contents"))
        self.order = [entry for top in self.sidebar for entry in top.pages() if entry.href in titles]

    def entries(self, items: Any) -> tuple[Entry, ...]:
        """Menu items as `_quarto.yml` gives them."""
        return tuple(self.entry(item) for item in as_list(items))

    def entry(self, item: str | Meta) -> Entry:
        """One item: a page, a link, a menu or a section."""
        given: Meta = {"href": item} if isinstance(item, str) else item
        href = given.get("href") or given.get("file") or given.get("url") or ""
        text = given.get("text") or given.get("section") or given.get("part")
        if isinstance(text, str) and text.endswith(".qmd"):
            href, text = text, None
        href = href.lstrip("/") if "://" not in href else href
        if href.endswith(".qmd") and href not in self.titles:
            raise PressError(f"the navigation names {href}, which is not a page", self.file, self.line(href))
        children = self.entries(given.get("menu") or given.get("contents"))
        extra = tuple(
            (key, str(given[key])) for key in ("icon", "aria-label", "target", "rel") if key in given
        )
        return Entry(
            text or self.titles.get(href, href if "icon" not in given else ""), href, children, extra
        )

    def line(self, text: str) -> int:
        """The line of `_quarto.yml` that holds `text`."""
        lines = self.file.read_text("utf-8").splitlines()
        return next((number for number, line in enumerate(lines, 1) if text in line), 1)

    def trail(self, path: str) -> list[Entry]:
        """Breadcrumbs: sections down to the page; a section leads to its first page."""
        steps = next((top.trail(path) for top in self.sidebar if top.holds(path)), [])
        return [step if step.href else Entry(step.text, next(step.pages()).href) for step in steps]

    def neighbours(self, path: str) -> tuple[Entry | None, Entry | None]:
        """Previous and next page in the order of the sidebar."""
        places = [index for index, entry in enumerate(self.order) if entry.href == path]
        if not places:
            return None, None
        before, after = places[0] - 1, places[0] + 1
        return (
            self.order[before] if before >= 0 else None,
            self.order[after] if after < len(self.order) else None,
        )
